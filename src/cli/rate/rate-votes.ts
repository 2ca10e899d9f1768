import {
  type Acceptability,
  askWhoIsBest,
  type Board,
  type BoardClaims,
  type Counted,
  type CountFile,
  checkConnected,
  claimBoard,
  countRows,
  countVotes,
  diagnoseBoard,
  findOutlierRaters,
  fitAcceptability,
  fitArenaRank,
  fitTies,
  type PairCounts,
  POINTS_PER_UNIT,
  rankModels,
  rateBoard,
  ratingOf,
  type VoteFile,
  Z95,
} from '../../ratings/index.ts'
import { Failure } from '../failure.ts'
import type { Anchor } from './read-anchor.ts'
import type { BestReport, BoardRow, ClaimRow, Diagnostics, Method, RateReport } from './report.ts'
import { summarise } from './summarise.ts'

/** Where a board is separated, acceptability gets this ridge, and says so. */
const RIDGE = 0.1

export interface RateRequest {
  readonly method: Method
  readonly anchor: Anchor | null
  /** How long the file took to read. */
  readonly readMs: number
  /** Milliseconds, from anywhere. */
  readonly now: () => number
  /** Told what begins. */
  readonly say: (text: string) => void
}

/** Strengths by some method, in natural units, as far as it gives them. */
interface Rated {
  readonly theta: Float64Array
  readonly se: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
  readonly facts: Partial<Diagnostics>
  /** What the method counted, and the islands that its votes make. */
  readonly pairs: PairCounts
  readonly component: Int32Array
  readonly components: number
}

/** Rates what a file holds: a board, its claims, and what it says of itself. */
export function rateVotes(file: VoteFile | CountFile, request: RateRequest): RateReport {
  const { method, now, say } = request
  const counted = file.kind === 'votes' ? countVotes(file.rows) : countRows(file.rows)
  const { pairs } = counted.votes
  say(`Rating ${pairs.models.length} models`)
  const stated = file.promptDesignEffect === null ? {} : { prompt: file.promptDesignEffect }
  const isOurs = method === 'penalised' || method === 'mle'
  const beganMs = now()
  const board = rateBoard(counted.votes, { method: method === 'mle' ? 'mle' : 'penalised', stated })
  const boardMs = now() - beganMs
  const rated = isOurs ? ratedBy(board) : ratedElsewhere(method, board)
  const fitMs = isOurs ? boardMs : now() - beganMs - boardMs
  say('Weighing claims')
  const claimsBeganMs = now()
  const claims = claimBoard(board)
  const standings = rankModels(board.fit, claims)
  const claimsMs = now() - claimsBeganMs
  say('Looking at raters and pairs')
  const islands = listIslands(rated)
  const shift = anchorShift(rated, request.anchor)
  const votes = votesPerModel(rated.pairs)
  const rows = islands.flat().map((i): BoardRow => {
    const standing = isOurs ? standings[i] : undefined
    return {
      ...rowOf(rated, { i, votes: votes[i] ?? 0, shift: shift[i] ?? 0 }),
      rank_low: standing?.rankLow ?? null,
      rank_high: standing?.rankHigh ?? null,
      tier: standing?.tier ?? null,
    }
  })
  const names = islands.map((own) => own.map((i) => pairs.models[i] ?? ''))
  const partial = {
    votes: sum(votesPerPair(rated.pairs)),
    models: pairs.models.length,
    method,
    fit_ms: fitMs,
    board: rows,
    claims: isOurs ? listClaims(board, claims) : [],
  }
  const diagnostics: Omit<Diagnostics, 'summary'> = {
    ...describe(board, claims, { counted, file, rated }),
    ...(isOurs ? describeClaims(board, claims, { claimsMs, rows }) : NO_CLAIMS),
    ...rated.facts,
    read_ms: request.readMs,
    claims_left_out: 0,
    anchor: request.anchor,
    islands: names,
  }
  return { ...partial, diagnostics: { summary: summarise(partial, diagnostics), ...diagnostics } }
}

function ratedBy({ fit, uncertainty, intervals }: Board): Rated {
  const n = fit.theta.length
  return {
    ...partsOf(fit),
    theta: fit.theta,
    se: fit.theta.map((_, i) => Math.sqrt(uncertainty.V0[i * n + i] ?? 0)),
    ...intervals,
    facts: {
      log_likelihood: fit.logLikelihood,
      gradient_norm: fit.gradientNorm,
      steps: fit.steps,
    },
  }
}

function partsOf({
  pairs,
  component,
  components,
}: Pick<Rated, 'pairs' | 'component' | 'components'>) {
  return { pairs, component, components }
}

/**
 * By a method without claims. Raters and prompts that repeat themselves widen the intervals of
 * models of ties; those of arena-rank are its own.
 */
function ratedElsewhere(method: Method, board: Board): Rated {
  const { pairs } = board.fit
  if (method === 'arena-rank') {
    const { theta, variance, low, high } = fitArenaRank(pairs)
    const se = variance.map(Math.sqrt)
    return { ...partsOf(board.fit), theta, se, low, high, facts: NOT_OURS }
  }
  const fit = fitTies(pairs, method === 'davidson' ? 'davidson' : 'rao-kupper')
  const n = fit.theta.length
  const voted = new Set([...fit.pairs.first, ...fit.pairs.second])
  const se = fit.theta.map((_, i) => Math.sqrt(fit.covariance[i * n + i] ?? 0))
  const width = Z95 * Math.sqrt(board.uncertainty.designEffect.total)
  const known = (i: number, value: number) => (voted.has(i) ? value : Number.NaN)
  return {
    ...partsOf(fit),
    theta: fit.theta.map((theta, i) => known(i, theta)),
    se,
    low: fit.theta.map((theta, i) => theta - width * (se[i] ?? 0)),
    high: fit.theta.map((theta, i) => theta + width * (se[i] ?? 0)),
    facts: {
      ...NOT_OURS,
      log_likelihood: fit.logLikelihood,
      gradient_norm: fit.gradientNorm,
      steps: fit.steps,
      tie_parameter: fit.parameter,
    },
  }
}

/** What is of our own fit alone. */
const NOT_OURS = {
  log_likelihood: null,
  gradient_norm: null,
  steps: null,
  dispersion: null,
  matchup_spread: null,
  matchup_spread_df: null,
  matchup_excess: null,
} as const

const NO_CLAIMS = {
  claims_ms: null,
  certified: null,
  leaning: null,
  undecided: null,
  threshold: null,
  tiers: null,
  best: null,
} as const

/** Models by island, the largest first, the best first; those without votes are islands of one. */
function listIslands({ theta, component: of, components }: Rated): number[][] {
  const islands = Array.from({ length: components }, (): number[] => [])
  for (const [i, component] of of.entries()) islands[component]?.push(i)
  const strength = (i: number) =>
    (Number.isNaN(theta[i]) ? Number.NEGATIVE_INFINITY : theta[i]) ?? 0
  return islands
    .map((own) => own.toSorted((one, other) => compare(strength(other), strength(one))))
    .toSorted((one, other) => other.length - one.length)
}

/** Also of infinite numbers, whose difference is none. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one - other
}

/** By how many points each model's rating moves, so that the anchor has its own. */
function anchorShift({ theta, pairs, component }: Rated, anchor: Anchor | null): Float64Array {
  const shift = new Float64Array(theta.length)
  if (anchor === null) return shift
  const i = pairs.models.indexOf(anchor.model)
  const isVoted = pairs.first.includes(i) || pairs.second.includes(i)
  const hasVotes = isVoted && Number.isFinite(theta[i])
  if (!hasVotes)
    throw new Failure(
      `The anchor ${JSON.stringify(anchor.model)} has no vote in this file. Name one of its models.`,
      { facts: { code: 'cli_anchor_unknown' } },
    )
  const by = anchor.rating - ratingOf(theta[i] ?? 0)
  return shift.map((_, other) => (component[other] === component[i] ? by : 0))
}

function votesPerPair({ firstWins, secondWins, ties, bothBad }: PairCounts): Float64Array {
  return firstWins.map(
    (wins, e) => wins + (secondWins[e] ?? 0) + (ties[e] ?? 0) + (bothBad[e] ?? 0),
  )
}

function votesPerModel(pairs: PairCounts): Float64Array {
  const votes = new Float64Array(pairs.models.length)
  for (const [e, N] of votesPerPair(pairs).entries())
    for (const i of [pairs.first[e] ?? 0, pairs.second[e] ?? 0]) votes[i] = (votes[i] ?? 0) + N
  return votes
}

function rowOf(
  { pairs, theta, se, low, high }: Rated,
  { i, votes, shift }: { readonly i: number; readonly votes: number; readonly shift: number },
): Omit<BoardRow, 'rank_low' | 'rank_high' | 'tier'> {
  const isKnown = votes > 0 && Number.isFinite(theta[i])
  const points = (value: number | undefined) => (isKnown ? ratingOf(value ?? 0) + shift : null)
  return {
    model: pairs.models[i] ?? '',
    rating: points(theta[i]),
    se: isKnown ? POINTS_PER_UNIT * (se[i] ?? 0) : null,
    low: points(low[i]),
    high: points(high[i]),
    votes,
  }
}

function listClaims({ fit }: Board, { claims }: BoardClaims): ClaimRow[] {
  const name = (i: number) => fit.pairs.models[i] ?? ''
  return claims
    .toSorted((one, other) => other.logE - one.logE)
    .map(({ better, worse, gap, logE, status, tolerance, caveats }) => ({
      better: name(better),
      worse: name(worse),
      gap: POINTS_PER_UNIT * gap,
      log_e: logE,
      status,
      tolerance,
      caveats,
    }))
}

function describeClaims(
  board: Board,
  claims: BoardClaims,
  { claimsMs, rows }: { readonly claimsMs: number; readonly rows: readonly BoardRow[] },
) {
  const count = (wanted: ClaimRow['status']) =>
    claims.claims.filter(({ status }) => status === wanted).length
  return {
    claims_ms: claimsMs,
    certified: count('certified'),
    leaning: count('leaning'),
    undecided: count('undecided'),
    threshold: claims.threshold,
    tiers: rows.reduce((most, { tier }) => Math.max(most, tier ?? 0), 0),
    best: describeBest(board, claims),
  }
}

function describeBest(board: Board, claims: BoardClaims): BestReport | null {
  const sizes = new Map<number, number>()
  for (const component of board.fit.component) sizes.set(component, (sizes.get(component) ?? 0) + 1)
  const [decision] = askWhoIsBest(board, claims).toSorted(
    (one, other) => (sizes.get(other.component) ?? 0) - (sizes.get(one.component) ?? 0),
  )
  if (decision === undefined) return null
  const { needed } = decision
  return {
    leader: board.fit.pairs.models[decision.leader] ?? '',
    status: decision.status,
    rivals: decision.rivals.length,
    more_votes: needed.kind === 'votes' ? needed.moreVotes : null,
    reason: needed.kind,
  }
}

type Source = {
  readonly counted: Counted
  readonly file: VoteFile | CountFile
  readonly rated: Rated
}

function describe(board: Board, claims: BoardClaims, { counted, file, rated }: Source) {
  const { fit, uncertainty } = board
  const { checks, residuals, influences } = diagnoseBoard(board, claims)
  const name = (i: number) => fit.pairs.models[i] ?? ''
  const raters = namesOfRaters(file)
  return {
    tie_parameter: null,
    log_likelihood: null,
    gradient_norm: null,
    steps: null,
    dispersion: uncertainty.dispersion,
    matchup_spread: POINTS_PER_UNIT * Math.sqrt(uncertainty.spread2),
    matchup_spread_df: uncertainty.spreadDf,
    matchup_excess: uncertainty.spreadExcess,
    design_effect: { ...uncertainty.designEffect },
    raters: claims.rules.raters,
    votes_beyond_cap: counted.beyondCap,
    checks: checks.map((check) => (check.name === 'connected' ? checkConnected(rated) : check)),
    residual_pairs: residuals.map(({ first, second, ...residual }) => ({
      model_a: name(first),
      model_b: name(second),
      ...residual,
    })),
    influential_raters: influences.map((influence) => ({
      rater: raters[influence.rater] ?? '',
      votes: influence.votes,
      share: influence.share,
      leader: name(influence.leader),
      leader_without: name(influence.leaderWithout),
      moved: name(influence.moved),
      moved_by: POINTS_PER_UNIT * influence.movedBy,
      claims_lost: influence.claimsLost,
      claims_gained: influence.claimsGained,
    })),
    outlier_raters: file.kind === 'votes' ? findOutlierRaters(file.rows) : [],
    acceptability: describeAcceptability(fit.pairs),
  }
}

function hasVotes({ aWins, bWins, ties, bothBad }: CountFile['rows'][number]): boolean {
  return aWins + bWins + ties + bothBad > 0
}

/** The names of raters with votes in the order of their numbers: sorted by code unit. */
function namesOfRaters({ rows }: VoteFile | CountFile): string[] {
  const names = new Set<string>()
  for (const row of rows)
    if (typeof row.rater === 'string' && ('choice' in row || hasVotes(row))) names.add(row.rater)
  return [...names].toSorted((one, other) => (one < other ? -1 : 1))
}

function describeAcceptability(pairs: Board['fit']['pairs']) {
  const exact = fitAcceptability(pairs)
  const found = exact === 'separated' ? fitAcceptability(pairs, { ridge: RIDGE }) : exact
  if (typeof found === 'string') return { reason: found, kappa: null, ridge: null, models: [] }
  return {
    reason: null,
    kappa: found.kappa,
    ridge: found.ridge,
    models: listAcceptable(pairs.models, found),
  }
}

function listAcceptable(models: readonly string[], { beta, se }: Acceptability) {
  return models
    .map((model, i) => ({ model, acceptability: beta[i] ?? Number.NaN, se: se[i] ?? Number.NaN }))
    .filter(({ acceptability }) => Number.isFinite(acceptability))
    .toSorted((one, other) => other.acceptability - one.acceptability)
}

function sum(numbers: Float64Array): number {
  return numbers.reduce((total, number) => total + number, 0)
}
