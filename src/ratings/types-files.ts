import type { CountRow, VoteRow } from './types-rows.ts'

/** What a file says besides its rows. */
export interface FileHead {
  /**
   * What prompts that were judged more than once cost, where the file says so because its rows do
   * not: a published board's counts. 1 or more; null: the file does not say.
   */
  readonly promptDesignEffect: number | null
}

/** A file of votes, a row for each in the order they were cast. */
export interface VoteFile extends FileHead {
  readonly kind: 'votes'
  readonly rows: readonly VoteRow[]
}

/** A file of counts, a row for each pair, or for each rater and pair. */
export interface CountFile extends FileHead {
  readonly kind: 'counts'
  readonly rows: readonly CountRow[]
}
