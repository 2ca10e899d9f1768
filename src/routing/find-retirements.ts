import type { ModelId } from '../kernel/index.ts'
import { isInInfancy } from '../ratings/index.ts'
import type { RouteBoard } from './types-choice.ts'
import type { BoardEvidence, RetirementProposal, RetirementRules } from './types-retirement.ts'

/** A model that takes traffic, as retirement looks at it. */
export interface Standing {
  readonly id: ModelId
  readonly name: string
  /** Of the typical request at its cheapest listing, in the owner's currency; null: unknown. */
  readonly price: number | null
  readonly ageDays: number
}

/** A board with what its votes told of each model: Σ N·pq by name. */
export interface JudgingBoard {
  readonly board: RouteBoard
  readonly version: number
  readonly information: ReadonlyMap<string, number>
}

/** A proposal before it is known when its claims were certified, and how strongly. */
export type BareProposal = Omit<RetirementProposal, 'boards'> & {
  readonly boards: readonly Omit<BoardEvidence, 'certifiedAt' | 'logE' | 'tolerance'>[]
}

/**
 * Models that a no-dearer one beats by a certified claim on each of the boards, once both bounds of
 * their infancy are passed (on every board). A model whose price is unknown is in no pair: nothing
 * is known to be saved. The successor is the one of those that is rated best on the first board.
 * Claims are those of the whole board, which is a larger family than the pairs that retirement
 * needs: what is proposed is certified in that one, too.
 */
export function findRetirements(
  models: readonly Standing[],
  boards: readonly JudgingBoard[],
  rules: Pick<RetirementRules, 'infancy'>,
): BareProposal[] {
  if (boards.length === 0) return []
  return models.flatMap((model) => {
    const informations = boards.map(({ information }) => information.get(model.name) ?? 0)
    const known = { information: Math.min(...informations), ageDays: model.ageDays }
    if (isInInfancy(known, rules.infancy)) return []
    const successor = bestSuccessor(model, models, boards)
    return successor === null ? [] : [propose(model, successor, boards)]
  })
}

type Priced = Standing & { readonly price: number }

function bestSuccessor(
  model: Standing,
  models: readonly Standing[],
  boards: readonly JudgingBoard[],
): Priced | null {
  const { price } = model
  if (price === null) return null
  const [first] = boards
  const ratingOf = ({ name }: Standing): number =>
    first?.board.models.get(name)?.rating ?? -Infinity
  let best: Priced | null = null
  for (const other of models) {
    if (other.id === model.id || other.price === null || other.price > price) continue
    const isBetterOnAll = boards.every(({ board }) => isBetter(board, other.name, model.name))
    if (isBetterOnAll && (best === null || ratingOf(other) > ratingOf(best)))
      best = { ...other, price: other.price }
  }
  return best
}

/** A claim is of an unordered pair: its direction is that of the ratings. */
function isBetter(board: RouteBoard, better: string, worse: string): boolean {
  return board.claim(better, worse) === 'certified' && gapOf(board, better, worse) > 0
}

function gapOf({ models }: RouteBoard, better: string, worse: string): number {
  return (models.get(better)?.rating ?? -Infinity) - (models.get(worse)?.rating ?? -Infinity)
}

function propose(
  model: Standing,
  successor: Priced,
  boards: readonly JudgingBoard[],
): BareProposal {
  return {
    modelId: model.id,
    model: model.name,
    successorId: successor.id,
    successor: successor.name,
    price: model.price ?? successor.price,
    successorPrice: successor.price,
    ageDays: model.ageDays,
    boards: boards.map(({ board, version, information }) => ({
      slice: board.slice,
      version,
      gap: gapOf(board, successor.name, model.name),
      votes: board.models.get(model.name)?.votes ?? 0,
      information: information.get(model.name) ?? 0,
    })),
  }
}
