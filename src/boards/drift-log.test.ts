import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { countRows, type RatedBoard, rateBoard } from '../ratings/index.ts'
import { castAtOf, type DriftLog, openDriftLog } from './drift-log.ts'
import { openLiveCounts } from './live-counts.ts'
import type { DriftRow } from './types-worker.ts'

const models = ['a', 'b', 'c', 'd']
const pairs = models.flatMap((first, i) =>
  models.slice(i + 1).map((second, j) => ({ pair: i * 4 + i + 1 + j, first, second })),
)

/** Votes on equal models, of which a falls by `fall` natural units after 1,500 votes. */
function rowsOf(fall: number): DriftRow[] {
  const random = seededRandom(7)
  return Array.from({ length: 3_000 }, (_, at) => {
    const { pair, first } = pairs[random.below(pairs.length)] ?? { pair: 1, first: 'a' }
    const gap = first === 'a' && at >= 1_500 ? -fall : 0
    const outcome = random.next() < 1 / (1 + Math.exp(-gap)) ? 0 : 1
    return { pair, outcome, castAtMs: at * 1_000 }
  })
}

function rate(rows: readonly DriftRow[]): RatedBoard {
  const counts = pairs.map(({ pair, first, second }) => {
    const of = (outcome: number) =>
      rows.filter((row) => row.pair === pair && row.outcome === outcome).length
    return { modelA: first, modelB: second, aWins: of(0), bWins: of(1), ties: 0, bothBad: 0 }
  })
  return rateBoard(countRows(counts.map((row) => ({ ...row, rater: null }))).votes)
}

function judge(log: DriftLog, rows: readonly DriftRow[], designEffect = 1) {
  const counts = openLiveCounts()
  for (const row of pairs) counts.addPair({ ...row, counts: [0, 0, 0, 0] })
  const { fit, uncertainty } = rate(rows)
  const { dispersion } = uncertainty
  return log.judge({ counts, names: new Map(), fit, dispersion, designEffect })
}

it('finds a model that fell, since when, and nobody where nothing changed', () => {
  const [fallen, steady] = [rowsOf(0.9), rowsOf(0)]
  const log = openDriftLog()
  log.add(fallen)
  const [first, ...others] = judge(log, fallen).toSorted((a, b) => b.logE - a.logE)
  expect(first).toMatchObject({ model: 'a', status: 'alarm' })
  expect(Math.abs((first?.changedAtMs ?? 0) - 1_500_000)).toBeLessThan(300_000)
  expect(others.filter(({ status }) => status === 'alarm')).toEqual([])
  const calm = openDriftLog()
  calm.add(steady)
  expect(judge(calm, steady)).toEqual([])
  expect(judge(log, fallen, 30)).toEqual([])
})

it('is the same move by move as read at once, whatever is taken out and put back', () => {
  const rows = rowsOf(0.9)
  const [one, other] = [openDriftLog(), openDriftLog()]
  one.add(rows)
  for (const row of rows) other.move(row, 1)
  for (const row of rows.slice(200, 900)) other.move(row, -1)
  for (const row of rows.slice(200, 900)) other.move(row, 1)
  expect(judge(other, rows)).toEqual(judge(one, rows))
})

it('reads when a vote was cast from its id', () => {
  expect(castAtOf('018f3a5c-9c00-7000-8000-000000000000')).toBe(0x018f3a5c9c00)
})
