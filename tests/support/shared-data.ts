import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { countRows, type PairCounts, readVoteFile } from '../../src/ratings/index.ts'

const folder = join(import.meta.dirname, '../../../shared/data')

/**
 * A file of data that may not be committed, or null where the folder beside the checkout that holds
 * it is not there: a test then says that it skips.
 */
export function readSharedData(path: string): string | null {
  const whole = join(folder, path)
  return existsSync(whole) ? readFileSync(whole, 'utf8') : null
}

/** 1.67 million real votes as pair counts, or null where they are not there. */
export function readArenaPairs(): PairCounts | null {
  const text = readSharedData('arena-20240814/pairs.csv')
  if (text === null) return null
  const file = readVoteFile(text)
  return file.kind === 'counts' ? countRows(file.rows).votes.pairs : null
}
