/**
 * What a file of votes or of counts says, a row for each of its records: who met, and how often each
 * outcome was voted. A row of a file of votes is one vote.
 */
export interface VoteFile {
  readonly kind: 'votes' | 'counts'
  /** Names, each once, sorted by code unit. */
  readonly models: readonly string[]
  /** Names of who voted, in the order they appear; null: the file has no such column. */
  readonly raters: readonly string[] | null
  /** Names of what was asked; null: the file has no such column. */
  readonly prompts: readonly string[] | null
  /** Indexes into `models`, as the file has them on the left and on the right. */
  readonly a: Int32Array
  readonly b: Int32Array
  readonly aWins: Float64Array
  readonly bWins: Float64Array
  readonly ties: Float64Array
  readonly bothBad: Float64Array
  /** Indexes into `raters` and `prompts`. */
  readonly rater: Int32Array | null
  readonly prompt: Int32Array | null
}
