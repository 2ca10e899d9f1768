import type { Category, Choice } from '../boards/index.ts'

/** How large a world is. */
export interface WorldSize {
  readonly seed: number
  readonly people: number
  readonly models: number
  readonly days: number
  readonly votes: number
}

/** A model as it truly is. Strengths in points around 0; a price is that of a typical request. */
export interface WorldModel {
  readonly name: string
  readonly priceUsd: number
  readonly strength: number
  /** On top of it, by category. */
  readonly byCategory: Readonly<Record<Category, number>>
  /** The day on which it joins, from 0. */
  readonly bornDay: number
  /** From that day on it is another model, and nobody says so. */
  readonly drift: Drift | null
}

export interface Drift {
  readonly day: number
  readonly points: number
}

export interface WorldPerson {
  /** Share of all votes. */
  readonly share: number
  /** Points that each model has for this person alone. */
  readonly tastes: readonly number[]
  /** How often neither of two equal answers is chosen, and how often both are then called bad. */
  readonly tieShare: number
  readonly badShare: number
}

/** A question that somebody asks, on a day; votes go by its place in the list. */
export interface Ballot {
  readonly day: number
  readonly person: number
  readonly category: Category
}

/** People with hidden tastes and models of known strength: all that the market must find out. */
export interface World {
  readonly size: WorldSize
  readonly models: readonly WorldModel[]
  readonly people: readonly WorldPerson[]
  /** Points by which one model does better against another than strengths say; antisymmetric. */
  readonly matchups: readonly (readonly number[])[]
  readonly ballots: readonly Ballot[]
}

/** How one person would choose between two answers. */
export interface Meeting {
  readonly person: number
  readonly category: Category
  readonly day: number
  /** Models by their place in the world; `a` stands left. */
  readonly a: number
  readonly b: number
}

export interface CastBallot extends Meeting {
  readonly choice: Choice
}

/** Something that must come true. */
export interface Assertion {
  readonly name: string
  /** Null: there was nothing to judge it by. */
  readonly figure: number | null
  /** What the figure must keep to, in words: `≤ 5 %`. */
  readonly bound: string
  readonly unit: '%' | 'ratio' | 'models'
  readonly isMet: boolean
  /** What it is counted over, in words. */
  readonly basis: string
}

/** One model on one board, beside the truth. Points; the mean of a board is 1000. */
export interface BoardPoint {
  readonly model: number
  readonly truth: number
  readonly rating: number
  readonly low: number
  readonly high: number
  readonly votes: number
}

export interface PlayedBoard {
  readonly slice: string
  readonly points: readonly BoardPoint[]
}

/** What `auto` chose for a category, and what that is worth. */
export interface AutoPick {
  readonly category: Category
  /** Of all questions. */
  readonly share: number
  readonly picked: number
  readonly best: number
  /** Of the chosen and the best: true share of wins × value of a win − price, in dollars. */
  readonly value: number
  readonly bestValue: number
  /** Why, as `x-baimo-route` tells. */
  readonly why: string
}

/** A model that left, by the market's own rule. */
export interface Departure {
  readonly model: number
  readonly successor: number | null
  readonly day: number
}

/** One day of the market. */
export interface DayStory {
  readonly day: number
  readonly votes: number
  readonly live: number
  /** Pairs certified on the overall board by the evening. */
  readonly certified: number
  readonly events: readonly string[]
}

/** Everything that happened, and nothing of when or how fast: the same seed, the same story. */
export interface Story {
  readonly size: WorldSize
  readonly days: readonly DayStory[]
  readonly votes: { readonly cast: number; readonly counted: number; readonly controls: number }
  readonly boards: readonly PlayedBoard[]
  readonly departures: readonly Departure[]
  readonly autoPicks: readonly AutoPick[]
  /** The model that changed and said nothing; null: none does. */
  readonly changed: number | null
  /** Evidence, as log E, that it did, by `ratings`; null: too few votes of it. */
  readonly drift: {
    readonly logE: number
    readonly status: 'steady' | 'flag' | 'alarm'
  } | null
  readonly matchupSpread: number
  readonly raterDesignEffect: number
}
