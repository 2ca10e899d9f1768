import type { BoardLeague, Choice, VoteId } from '../boards/index.ts'
import type { LiveListing } from '../catalog/index.ts'
import type {
  Id,
  JsonObject,
  ListingId,
  ModelId,
  OrganisationId,
  RequestId,
  SubjectId,
  VariantId,
} from '../kernel/index.ts'

export type BattleId = Id<'battle'>
/** `a` stands left. */
export type Side = 'a' | 'b'
export const SIDES = ['a', 'b'] as const
/** `control`: a model against itself. `comparison`: named, never counts. */
export type BattleKind = 'battle' | 'control' | 'comparison' | 'judgement'
/** `answering`: nothing to vote on yet. `open`: both sides have begun. */
export type BattleState = 'answering' | 'open' | 'voted' | 'voided'

/** What is kept after the vote. Each is agreed to apart. */
export interface Consent {
  readonly prompt: boolean
  readonly answers: boolean
  /** Whether the counts of this rater may leave the organisation under a pseudonym. */
  readonly votes: boolean
}

export interface Battle {
  readonly id: BattleId
  readonly organisationId: OrganisationId
  readonly subjectId: SubjectId
  readonly league: BoardLeague
  readonly kind: BattleKind
  readonly state: BattleState
  /** Of a and of b; null: not drawn. */
  readonly models: readonly [ModelId, ModelId] | null
  /** Of the unordered pair; null: nothing was drawn. */
  readonly drawProbability: number | null
  readonly draws: number
  readonly consent: Consent
  readonly maxTokens: number | null
  /** The last one, from 1. */
  readonly turn: number
  /** Until when the process that runs a turn is believed to; null: none runs. */
  readonly runningUntil: Date | null
  readonly createdAt: Date
  readonly openedAt: Date | null
  readonly votedAt: Date | null
  readonly voidedAt: Date | null
  readonly voidCode: string | null
  readonly vote: BattleVote | null
}

export interface BattleVote {
  readonly choice: Choice
  readonly reasons: readonly string[]
  readonly comment: string | null
  /** Characters of each side that were shown. */
  readonly shown: readonly [number, number]
  /** Null: it never counts, as in a comparison. */
  readonly voteId: VoteId | null
}

export interface VoteWish {
  readonly choice: Choice
  readonly reasons: readonly string[]
  readonly comment: string | null
}

export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface BattleTurn {
  readonly turn: number
  /** What the turn adds to the conversation; null: not kept. */
  readonly messages: readonly Message[] | null
}

export interface BattleAnswer {
  readonly turn: number
  readonly side: Side
  readonly usageId: RequestId
  readonly variantId: VariantId | null
  readonly listingId: ListingId | null
  readonly outcome: 'answered' | 'refused'
  readonly finishReason: string | null
  /** Null: not kept. */
  readonly text: string | null
  readonly characters: number
}

/** One thing told of a battle. Its number is the place in its stream, from 1. */
export interface BattleEvent {
  readonly seq: number
  /** `text`, `restart`, `open`, `end`, `dropped`, `voided`, `voted`. */
  readonly name: string
  readonly data: JsonObject
  /** Characters of each side shown by now, of all turns. */
  readonly shown: readonly [number, number]
}

/** Why somebody chose: a fixed vocabulary. */
export const REASONS = [
  'useful',
  'complete',
  'correct',
  'creative',
  'clear',
  'incorrect',
  'superficial',
  'instructions_not_followed',
  'too_long',
  'other',
] as const
export type Reason = (typeof REASONS)[number]

/** A model that may be drawn, with the listings that may answer for it, best first. */
export interface Contestant {
  readonly modelId: ModelId
  readonly modelName: string
  readonly listings: readonly LiveListing[]
}

/** What the owner set for the arena of the market. */
export interface ArenaSettings {
  /** Share of battles that are a model against itself. */
  readonly controlShare: number
  /** Share of requests to `auto` in chats that may show two hidden answers. */
  readonly chatShare: number
  readonly votesPerMinute: number
  readonly votesPerDay: number
  /** Reading faster than this is not reading; null: nothing is too fast. */
  readonly lettersPerSecond: number | null
  /** Of the whole market; null: no cap. */
  readonly battlesPerDay: number | null
  /** In pico-units of the currency that amounts are shown in; null: no cap. */
  readonly costPerDayPico: bigint | null
}

export const DEFAULT_ARENA: ArenaSettings = {
  controlShare: 0.01,
  chatShare: 0.05,
  votesPerMinute: 20,
  votesPerDay: 500,
  lettersPerSecond: 150,
  battlesPerDay: null,
  costPerDayPico: null,
}
