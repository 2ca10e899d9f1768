import type { Kysely } from 'kysely'
import { selectBoard } from './store.ts'
import { selectPairCounts } from './store-counts.ts'
import type { BoardName } from './types.ts'

/** The counts of a board's pairs, models by id; none where nobody voted. */
export async function readPairVotes(
  db: Kysely<unknown>,
  name: BoardName,
): Promise<
  {
    readonly first: string
    readonly second: string
    readonly counts: readonly [number, number, number, number]
  }[]
> {
  const board = await selectBoard(db, name)
  if (board === null) return []
  const rows = await selectPairCounts(db, board.id)
  return rows.map(({ first, second, counts: [one = 0, other = 0, ties = 0, bad = 0] }) => ({
    ...{ first, second },
    counts: [one, other, ties, bad],
  }))
}
