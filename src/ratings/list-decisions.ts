import { at } from './at.ts'
import type { RatedBoard } from './claim-board.ts'
import { countVotesNeeded, type VotesNeeded } from './count-votes-needed.ts'
import { findDominated } from './find-dominated.ts'
import type { BoardClaims, ClaimStatus } from './types-claims.ts'

/** "Who is best here", asked of one component of a board. Indexes into the board's `models`. */
export interface BestDecision {
  readonly component: number
  /** Whether the component holds every model of the board. */
  readonly isWhole: boolean
  readonly leader: number
  /** Certified: the leader is certified better than every other one. Leaning likewise. */
  readonly status: ClaimStatus
  /** Those over whom the leader is not certified, hardest first, with what would decide each. */
  readonly rivals: readonly { readonly model: number; readonly needed: VotesNeeded }[]
  /** What would decide the question: the most that any rival needs. */
  readonly needed: VotesNeeded
}

/** The question of each component with at least two models, by its number. */
export function askWhoIsBest(board: RatedBoard, claims: BoardClaims): BestDecision[] {
  const { fit } = board
  const decisions: BestDecision[] = []
  for (let component = 0; component < fit.components; component++) {
    const models = [...fit.component.keys()].filter((model) => fit.component[model] === component)
    if (models.length < 2) continue
    const leader = models.reduce((one, other) =>
      at(fit.theta, other) > at(fit.theta, one) ? other : one,
    )
    const others = models.filter((model) => model !== leader)
    const isWhole = models.length === fit.theta.length
    decisions.push({ component, isWhole, leader, ...askOver(board, claims, { leader, others }) })
  }
  return decisions
}

function askOver(
  board: RatedBoard,
  claims: BoardClaims,
  { leader, others }: { readonly leader: number; readonly others: readonly number[] },
): Pick<BestDecision, 'status' | 'rivals' | 'needed'> {
  const n = board.fit.theta.length
  const evidence = (model: number): number => at(claims.logE, leader * n + model)
  const rivals = others
    .filter((model) => claims.certified[leader * n + model] !== 1)
    .sort((one, other) => evidence(one) - evidence(other))
    .map((model) => ({ model, needed: countVotesNeeded(board, claims, [leader, model]) }))
  const isLeaning = others.every((model) => evidence(model) >= Math.log(1 / claims.alpha))
  const status = rivals.length === 0 ? 'certified' : isLeaning ? 'leaning' : 'undecided'
  return { status, rivals, needed: mostOf(rivals.map(({ needed }) => needed)) }
}

/** A board that the owner named, as far as retirement asks it. */
export interface NamedBoard {
  readonly board: RatedBoard
  readonly claims: BoardClaims
}

/** "May this model be retired": is one no-dearer model better on all the boards named? */
export interface RetirementDecision {
  readonly model: string
  /** The likeliest dominator; null: no model of known price is no dearer and on all boards. */
  readonly by: string | null
  /** The weakest status of "`by` is better" over the boards, tested as section 7 has it. */
  readonly status: ClaimStatus
  /** Certified, and not in its infancy. */
  readonly mayPropose: boolean
  readonly isInInfancy: boolean
  /** Per board, in their order: the evidence, and what would decide. Empty without `by`. */
  readonly boards: readonly {
    readonly logE: number
    readonly status: ClaimStatus
    readonly needed: VotesNeeded
  }[]
}

export interface RetirementQuestion {
  /** At least one. */
  readonly boards: readonly NamedBoard[]
  /** By name of model, in one unit; null or absent: unknown, see `findDominated`. */
  readonly prices: ReadonlyMap<string, number | null>
  /** Models in their infancy, which are never proposed. */
  readonly inInfancy: ReadonlySet<string>
}

/** One question for each model that is on all the boards, sorted by name. */
export function askWhoMayRetire(question: RetirementQuestion): RetirementDecision[] {
  const views = question.boards.map((named) => viewOf(named, question.prices))
  const [one] = views
  if (one === undefined) return []
  const names = [...one.places.keys()].filter((name) =>
    views.every(({ places }) => places.has(name)),
  )
  return names.sort().map((model) => {
    const isInInfancy = question.inInfancy.has(model)
    const by = likeliestDominator(views, names, model)
    const boards = by === null ? [] : views.map((view) => answerOf(view, by, model))
    const status = weakest(boards.map((answer) => answer.status))
    const mayPropose = status === 'certified' && !isInInfancy
    return { model, by, status, mayPropose, isInInfancy, boards }
  })
}

interface View extends NamedBoard {
  readonly places: ReadonlyMap<string, number>
  readonly logE: Float64Array
  readonly logThreshold: number
}

function viewOf(named: NamedBoard, prices: RetirementQuestion['prices']): View {
  const { models } = named.board.fit.pairs
  const places = new Map(models.map((name, place) => [name, place]))
  const { logE, logThreshold } = findDominated(
    named.claims,
    models.map((name) => prices.get(name) ?? null),
  )
  return { ...named, places, logE, logThreshold }
}

function evidenceOf({ places, logE }: View, by: string, model: string): number {
  const [row, column] = [places.get(by), places.get(model)]
  if (row === undefined || column === undefined) return Number.NaN
  return at(logE, row * places.size + column)
}

/** Who comes nearest to being certified better on all boards: the largest least log E − log T. */
function likeliestDominator(
  views: readonly View[],
  names: readonly string[],
  model: string,
): string | null {
  let [likeliest, most]: [string | null, number] = [null, Number.NEGATIVE_INFINITY]
  for (const by of names) {
    const spare = views.map((view) => evidenceOf(view, by, model) - view.logThreshold)
    const least = Math.min(...spare) // NaN where a price bars the pair
    if (least > most) [likeliest, most] = [by, least]
  }
  return likeliest
}

function answerOf(view: View, by: string, model: string): RetirementDecision['boards'][number] {
  const logE = evidenceOf(view, by, model)
  const { rules, alpha } = view.claims
  const isCertified = rules.bar === null && logE >= view.logThreshold
  const isLeaning = logE >= Math.log(1 / alpha)
  const status = isCertified ? 'certified' : isLeaning ? 'leaning' : 'undecided'
  const pair = [view.places.get(by) ?? 0, view.places.get(model) ?? 0] as const
  const target = { logThreshold: view.logThreshold, rules }
  return { logE, status, needed: countVotesNeeded(view.board, target, pair) }
}

function weakest(statuses: readonly ClaimStatus[]): ClaimStatus {
  if (statuses.length === 0 || statuses.includes('undecided')) return 'undecided'
  return statuses.includes('leaning') ? 'leaning' : 'certified'
}

/** "Never" is more than any number of votes, and those more than what raters would allow. */
function mostOf(all: readonly VotesNeeded[]): VotesNeeded {
  const sizeOf = (needed: VotesNeeded): number => {
    if (needed.kind === 'votes') return 1 + needed.factor
    return { certified: 0, raters: 1, never: Number.POSITIVE_INFINITY }[needed.kind]
  }
  return all.reduce<VotesNeeded>(
    (most, needed) => (sizeOf(needed) > sizeOf(most) ? needed : most),
    { kind: 'certified' },
  )
}
