import type { Votes } from './types.ts'

/** What a person chose: one of the two, a tie, or that both answers are bad. */
export type Choice = 'a' | 'b' | 'tie' | 'both_bad'

/** One vote. Order among rows is the order in which they were cast. */
export interface VoteRow {
  readonly modelA: string
  readonly modelB: string
  readonly choice: Choice
  /** Who cast it; null or absent: unknown. */
  readonly rater?: string | null
  /** What was asked; null or absent: unknown. */
  readonly prompt?: string | null
}

/** Votes of one pair, of one rater or of several, already counted. */
export interface CountRow {
  readonly modelA: string
  readonly modelB: string
  readonly aWins: number
  readonly bWins: number
  readonly ties: number
  readonly bothBad: number
  /** Who cast them; null or absent: unknown. */
  readonly rater?: string | null
}

export interface CountOptions {
  /** Models that stand on the board whether they have votes or not. */
  readonly models?: readonly string[]
  /** How many votes of one rater on one pair count where several people voted: 30. */
  readonly votesPerRaterAndPair?: number
}

/** Votes as counts, and how many were left out of them. */
export interface Counted {
  readonly votes: Votes
  /** Votes on a model against itself: a control, which says nothing of strength. */
  readonly selfPlay: number
  /** Votes of a rater on a pair beyond the first 30. */
  readonly beyondCap: number
}
