import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { type CountRow, countRows } from '../ratings/index.ts'
import { keyOfClaim, namesOfClaim, type RateOrder, rateLiveBoard } from './rate-live-board.ts'

const row = (modelA: string, modelB: string, [aWins, bWins]: [number, number], rater: string) => ({
  ...{ modelA, modelB, aWins, bWins, ties: 0, bothBad: 1, rater },
})

/** Twelve raters who agree that a is better than b, and b than c. */
function votesOf(): RateOrder['votes'] {
  const rows: CountRow[] = []
  for (let rater = 0; rater < 12; rater += 1) {
    rows.push(row('a', 'b', [14, 6], `r${rater}`), row('b', 'c', [14, 6], `r${rater}`))
    rows.push(row('a', 'c', [17, 3], `r${rater}`))
  }
  return countRows(rows).votes
}

const random = seededRandom(1)
const order: RateOrder = {
  votes: votesOf(),
  before: null,
  isSettled: true,
  standing: new Set(),
  wasOnePerson: false,
  retired: new Set(),
  random: () => random.next(),
  styled: null,
  judgeDrift: () => [],
  driftMostVotes: 100,
  controls: { left: 0, right: 0, neither: 0 },
  prices: new Map([
    ['a', 1],
    ['b', 2],
  ]),
}

it('says what a board shows, and which claims are new', () => {
  const { rated } = rateLiveBoard(order)
  expect(rated.raters).toBe(12)
  expect(rated.payload.models.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  expect(rated.payload.best[0]).toMatchObject({ leader: 'a', status: 'certified' })
  expect(rated.certified.map(({ better, worse }) => `${better} > ${worse}`)).toContain('a > c')
  expect(rated.payload.acceptabilityReason).toBeNull()
})

it('certifies no claim twice, and ends one when its reverse is certified', () => {
  const first = rateLiveBoard(order)
  const standing = new Set(
    first.rated.certified.map(({ better, worse }) => keyOfClaim(better, worse)),
  )
  const again = rateLiveBoard({ ...order, standing, before: first.carried })
  expect([again.rated.certified, again.rated.ended]).toEqual([[], []])
  const turned = rateLiveBoard({ ...order, standing: new Set([keyOfClaim('c', 'a')]) })
  expect(turned.rated.ended).toEqual([{ better: 'c', worse: 'a', reason: 'reversed' }])
})

it('takes over what takes long while it is not settled, and says so', () => {
  const first = rateLiveBoard(order)
  const before = { ...first.carried, raterEffect: 3, pBest: new Map([['a', 0.25]]) }
  const { payload } = rateLiveBoard({ ...order, before, isSettled: false }).rated
  expect(payload.isSettled).toBe(false)
  expect(payload.diagnostics.raterDesignEffect).toBe(3)
  expect(payload.models[0]?.pBest).toBe(0.25)
})

it('keeps names of any characters apart in the key of a claim', () => {
  expect(namesOfClaim(keyOfClaim('a","b', '模型'))).toEqual(['a","b', '模型'])
})
