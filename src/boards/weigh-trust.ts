import {
  askWhoMayRetire,
  type BoardClaims,
  type ClaimStatus,
  findResiduals,
  measureInfluence,
  POINTS_PER_UNIT,
  type Board as RatedBoard,
} from '../ratings/index.ts'
import type { ControlCounts, ModelDrift, Trust, WithoutRater } from './types-trust.ts'

const PAIRS_SHOWN = 5
const RETIREMENTS_SHOWN = 10
/** A board is rated anew without each of its most influential raters: small boards alone. */
const INFLUENCE_MODELS = 60
const INFLUENCE_ROWS = 20_000

const NEARNESS: Readonly<Record<ClaimStatus, number>> = { certified: 0, leaning: 1, undecided: 2 }

export interface TrustMeans {
  readonly drift: readonly ModelDrift[]
  readonly driftMostVotes: number
  readonly controls: ControlCounts
  /** Price of the typical request by name; null or absent: unknown. */
  readonly prices: ReadonlyMap<string, number | null>
  readonly retired: ReadonlySet<string>
}

/** What speaks for a board and against it, and which models it may let go. */
export function weighTrust(board: RatedBoard, claims: BoardClaims, means: TrustMeans): Trust {
  const nameOf = (model: number): string => board.fit.pairs.models[model] ?? ''
  return {
    drift: means.drift,
    driftMostVotes: means.driftMostVotes,
    controls: means.controls,
    residuals: findResiduals(board.fit, PAIRS_SHOWN).map((pair) => ({
      ...pair,
      first: nameOf(pair.first),
      second: nameOf(pair.second),
    })),
    influences: findInfluences(board, claims, nameOf),
    retirements: findRetirements(board, claims, means),
  }
}

function findInfluences(
  board: RatedBoard,
  claims: BoardClaims,
  nameOf: (model: number) => string,
): WithoutRater[] | null {
  const { raters, pairs } = board.votes
  const isSmall =
    pairs.models.length <= INFLUENCE_MODELS && (raters?.cluster.length ?? 0) <= INFLUENCE_ROWS
  if (!isSmall) return null
  return measureInfluence(board, claims).map((one) => ({
    share: one.share,
    leader: nameOf(one.leader),
    leaderWithout: nameOf(one.leaderWithout),
    moved: nameOf(one.moved),
    movedPoints: one.movedBy * POINTS_PER_UNIT,
    claimsLost: one.claimsLost,
    claimsGained: one.claimsGained,
  }))
}

/** Models that left are no question any more, and dominate nobody. */
function findRetirements(
  board: RatedBoard,
  claims: BoardClaims,
  { prices, retired }: TrustMeans,
): Trust['retirements'] {
  const known = new Map([...prices].filter(([name]) => !retired.has(name)))
  const question = { boards: [{ board, claims }], prices: known, inInfancy: new Set<string>() }
  return askWhoMayRetire(question)
    .flatMap(({ model, by, status, boards: [answer] }) =>
      by === null || answer === undefined || answer.logE <= 0
        ? []
        : [{ model, by, status, needed: answer.needed, logE: answer.logE }],
    )
    .toSorted((a, b) => NEARNESS[a.status] - NEARNESS[b.status] || b.logE - a.logE)
    .slice(0, RETIREMENTS_SHOWN)
    .map(({ logE: _, ...answer }) => answer)
}
