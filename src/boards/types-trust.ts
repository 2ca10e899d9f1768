import type { ClaimStatus, VotesNeeded } from '../ratings/index.ts'

/** A model whose votes say that it is not what it was. */
export interface ModelDrift {
  readonly model: string
  /** `alarm`: its certificates end, and none begins while this stands. */
  readonly status: 'flag' | 'alarm'
  readonly logE: number
  /** When the first vote after the likeliest change was cast, since 1970. */
  readonly changedAtMs: number
}

/** A pair that one scale explains badly. */
export interface BadPair {
  readonly first: string
  readonly second: string
  readonly votes: number
  /** Share of points of `first`, 0 to 1: as it was, and as strengths have it. */
  readonly observed: number
  readonly expected: number
  /** In standard errors. */
  readonly z: number
}

/** What the board says without one rater, who is not named. */
export interface WithoutRater {
  /** Of all votes, 0 to 1. */
  readonly share: number
  readonly leader: string
  readonly leaderWithout: string
  /** The model that moves most, and by how many points. */
  readonly moved: string
  readonly movedPoints: number
  readonly claimsLost: number
  readonly claimsGained: number
}

/** How people chose between a model and itself. */
export interface ControlCounts {
  readonly left: number
  readonly right: number
  /** Tie or both bad. */
  readonly neither: number
}

/** "May this model be retired", as this board alone answers it, with prices of its day. */
export interface RetirementAnswer {
  readonly model: string
  /** The no-dearer model that comes nearest to being certified better. */
  readonly by: string
  readonly status: ClaimStatus
  readonly needed: VotesNeeded
}

/** What speaks for a version and against it, beyond its numbers. */
export interface Trust {
  readonly drift: readonly ModelDrift[]
  /** Of the last votes that drift is looked for in, how many at most. */
  readonly driftMostVotes: number
  /** Worst first, five at most. */
  readonly residuals: readonly BadPair[]
  /** Most influential first, three at most; null: not computed on a board of this size. */
  readonly influences: readonly WithoutRater[] | null
  readonly controls: ControlCounts
  /** Certified ones and those nearest to it, ten at most. */
  readonly retirements: readonly RetirementAnswer[]
}

export const noTrust: Trust = {
  drift: [],
  driftMostVotes: 0,
  residuals: [],
  influences: null,
  controls: { left: 0, right: 0, neither: 0 },
  retirements: [],
}
