import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  countRows,
  countVotes,
  fitRatings,
  measureUncertainty,
  type PairCounts,
  type RatedBoard,
  readVoteFile,
  type Votes,
} from '../../src/ratings/index.ts'
import { type GoldenBoard, goldenVerdict, pairsOfGolden } from './golden-verdict.ts'
import { seededRandom } from './seeded-random.ts'

/** A board as it is rated by default. */
export function rate(votes: Votes): RatedBoard {
  const fit = fitRatings(votes.pairs)
  return { votes, fit, uncertainty: measureUncertainty(fit, votes) }
}

/** Rates pair counts whose raters and prompts nobody knows. */
export function ratePairs(pairs: PairCounts): RatedBoard {
  return rate({ pairs, raters: null, prompts: null })
}

export function rateGolden(name: string): { golden: GoldenBoard; board: RatedBoard } {
  const golden = goldenVerdict.boards[name]
  if (golden === undefined) throw new Error(`no golden board ${name}`)
  return { golden, board: ratePairs(pairsOfGolden(golden)) }
}

/** A row is first, second, wins of each, ties; models are `a`, `b`, … */
export type Row = readonly [number, number, number, number, number]

export function pairsOf(n: number, rows: readonly Row[]): PairCounts {
  return pairsOfGolden({ pairs: rows.map((row) => [...row]), tier: new Array(n).fill(1) })
}

/** Rows of a random board: strengths spread out, some pairs without votes, ties in between. */
export function randomRows(seed: number, n: number): Row[] {
  const random = seededRandom(seed)
  const strength = Array.from({ length: n }, () => (random.next() - 0.5) * 3)
  const rows: Row[] = []
  for (let a = 0; a < n; a++)
    for (let b = a + 1; b < n; b++) {
      const isChain = b === a + 1
      if (!isChain && random.next() < 0.3) continue
      const counts: [number, number, number] = [0, 0, 0]
      const votes = 1 + random.below(120)
      const chance = 1 / (1 + Math.exp((strength[b] ?? 0) - (strength[a] ?? 0)))
      for (let vote = 0; vote < votes; vote++) {
        const choice = random.next() < 0.25 ? 2 : random.next() < chance ? 0 : 1
        counts[choice] += 1
      }
      rows.push([a, b, ...counts])
    }
  return rows
}

/** The real votes of a file that lies beside the repository, or null where it does not. */
export function readShared(path: string): Votes | null {
  const name = join(import.meta.dirname, '../../../shared/data', path)
  if (!existsSync(name)) return null
  const file = readVoteFile(readFileSync(name, 'utf8'))
  return file.kind === 'votes' ? countVotes(file.rows).votes : countRows(file.rows).votes
}
