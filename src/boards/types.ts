import type { Id, ModelId, OrganisationId, SubjectId } from '../kernel/index.ts'

export type VoteId = Id<'vote'>

/** Like is compared with like; the words are the catalog's. */
export type BoardLeague = 'models' | 'practice' | 'apps'
/** People's votes, or the judgements of programs: never on one board. */
export type BoardKind = 'votes' | 'judgements'
export type Choice = 'a' | 'b' | 'tie' | 'both_bad'

export const BOARD_LEAGUES = ['models', 'practice', 'apps'] as const
export const BOARD_KINDS = ['votes', 'judgements'] as const

/** Which votes a board lies over: `overall`, `language:zh`, `category:code`, `length:short`, … */
export type Slice = string

/** How one answer looks: what a reader sees before reading. */
export interface StyleFeatures {
  readonly words: number
  readonly headings: number
  readonly listItems: number
  readonly bold: number
}

/** A vote as it is cast. */
export interface NewVote {
  readonly id: VoteId
  readonly organisationId: OrganisationId
  readonly league: BoardLeague
  readonly kind: BoardKind
  readonly battleId: string
  /** Who chose: a person's subject, or the id of the program that judges. */
  readonly raterId: SubjectId
  /** `a` stood left. The same model twice is a control, which no board counts. */
  readonly left: ModelId
  readonly right: ModelId
  readonly choice: Choice
  readonly reasons?: readonly string[]
  /** What `promptKeyOf` says of the prompt; null: unknown. */
  readonly prompt: string | null
  /** What `slicesOf` says of it; `overall` may be absent. */
  readonly slices: readonly Slice[]
  /** Of the left and the right answer; null: unknown. */
  readonly style: readonly [StyleFeatures, StyleFeatures] | null
  /** Whether the counts of this rater may leave the organisation under a pseudonym. */
  readonly isShared: boolean
  /** Why it must not count, though it is kept; null: nothing speaks against it. */
  readonly asideReason: string | null
  readonly castAt: Date
}

/**
 * Whether a vote counts. `over`: beyond the first 30 of this rater on this pair. `aside`: taken
 * out, for a reason, and can be put back. `control`: a model against itself.
 */
export type VoteState = 'counts' | 'over' | 'aside' | 'control'

/** Votes of one rater on one pair that count, where several people vote. */
export const VOTES_PER_RATER_AND_PAIR = 30

/** Which board: a league in a slice, of one organisation. */
export interface BoardName {
  readonly organisationId: OrganisationId
  readonly league: BoardLeague
  readonly kind: BoardKind
  readonly slice: Slice
}

export interface Board extends BoardName {
  readonly id: number
  /** Whether the owner lets anybody see it. */
  readonly isPublic: boolean
  /** Makes pseudonyms of its raters. */
  readonly salt: string
}

/** What an organisation set for its boards. */
export interface BoardSettings {
  /** People who must have voted on a board before anybody outside sees it. */
  readonly leastPeople: number
  /** Forged votes that a claim must stand before it is told outside as certified. */
  readonly leastTolerance: number
}

export const DEFAULT_SETTINGS: BoardSettings = { leastPeople: 5, leastTolerance: 5 }

/** A change of counts: one vote more or less on one pair of some boards. */
export interface VoteMove {
  readonly seq: number
  readonly voteId: string
  readonly boardIds: readonly number[]
  readonly pair: number
  readonly rater: number
  readonly prompt: string | null
  /** 0 to 3: the pair's first was chosen, its second, neither, both are bad. */
  readonly outcome: number
  readonly sign: 1 | -1
  /** Beyond the cap: counts on boards of one rater only. */
  readonly isOver: boolean
  /** When it was made, since 1970. */
  readonly movedAtMs: number
  /** Eight numbers, left first, as `votes.style`; null: unknown. */
  readonly style: readonly number[] | null
  /** Whether the pair's second stood left. */
  readonly isSwapped: boolean
}
