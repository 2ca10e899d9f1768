import type { CertificateEnd, ClaimStatus, RaterRules, VotesNeeded } from '../ratings/index.ts'
import type { Through } from './follow-moves.ts'
import type { Trust } from './types-trust.ts'

/** One model on a board. Ratings and errors in points; null: it has no votes there. */
export interface ModelRow {
  readonly name: string
  /** Its island: models that votes do not join are not compared. */
  readonly island: number
  readonly rating: number | null
  /** Without design effect and matchup spread, as the recipe defines `se`. */
  readonly se: number | null
  /** The 95 % interval. */
  readonly low: number | null
  readonly high: number | null
  readonly votes: number
  readonly rankLow: number
  readonly rankHigh: number
  readonly tier: number
  /** Logits above the mean; null: not known, see `acceptabilityReason`. */
  readonly acceptability: number | null
  /** Chance that it is the best of its island; null: no votes, or alone. */
  readonly pBest: number | null
}

/** "Who is best here", of one island. */
export interface BestAnswer {
  readonly island: number
  readonly leader: string
  readonly status: ClaimStatus
  readonly needed: VotesNeeded
  /** How many are not certified worse than the leader, and the first of them, hardest first. */
  readonly rivalCount: number
  readonly rivals: readonly { readonly model: string; readonly needed: VotesNeeded }[]
}

export interface Diagnostics {
  readonly islands: number
  /** Points by which matchups depart from one scale, its degrees of freedom and excess. */
  readonly matchupSpread: number
  readonly matchupDf: number
  readonly dispersion: number
  readonly raterDesignEffect: number
  readonly promptDesignEffect: number
  readonly gradientNorm: number
  readonly steps: number
  /** Evidence, as log E, from which a claim is certified. */
  readonly logThreshold: number
}

/** A coefficient of style, in points per root mean square of the contrast. */
export interface StyleEffect {
  readonly name: string
  readonly points: number
  readonly se: number
}

/** What a version says. It is kept as it is, so it stays small: claims are two bits a pair. */
export interface VersionPayload {
  readonly models: readonly ModelRow[]
  readonly votes: number
  /** Two bits for each unordered pair in the order of `models`, see `pack-claims.ts`. */
  readonly claims: string
  /** Certified pairs that few forged votes would bring down: place of the pair, how many votes. */
  readonly fragile: readonly (readonly [place: number, tolerance: number])[]
  readonly certifiedCount: number
  readonly leaningCount: number
  readonly best: readonly BestAnswer[]
  readonly rules: RaterRules
  readonly diagnostics: Diagnostics
  readonly acceptabilityReason: string | null
  /** Null: without style control. */
  readonly style: {
    readonly effects: readonly StyleEffect[]
    /** How many of the last votes it is fitted to, and the most that it takes. */
    readonly votes: number
    readonly mostVotes: number
  } | null
  /**
   * Whether design effects, acceptability and P(best) are of this version. A large board takes them
   * over from the version before while votes come in, and follows within two seconds.
   */
  readonly isSettled: boolean
  readonly trust: Trust
}

/** A claim on record. Models by name. */
export interface NewCertificate {
  readonly better: string
  readonly worse: string
  readonly logE: number
  readonly tolerance: number | null
}

export interface EndedCertificate {
  readonly better: string
  readonly worse: string
  readonly reason: CertificateEnd
}

/** What one rating of a board brings. */
export interface Rated {
  readonly payload: VersionPayload
  readonly raters: number
  readonly certified: readonly NewCertificate[]
  readonly ended: readonly EndedCertificate[]
}

/** A version as it is kept. */
export interface BoardVersion {
  readonly boardId: number
  readonly isStyled: boolean
  readonly number: number
  readonly madeAt: Date
  readonly method: string
  readonly codeVersion: string
  readonly votes: number
  readonly raters: number
  readonly models: number
  readonly through: Through
}
