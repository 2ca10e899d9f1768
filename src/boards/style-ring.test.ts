import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { openLiveCounts } from './live-counts.ts'
import { openStyleRing } from './style-ring.ts'
import type { StyledRow } from './types-worker.ts'

const counts = openLiveCounts()
counts.addPair({ pair: 1, first: 'x', second: 'y', counts: [0, 0, 0, 0] })
const on = { counts, names: new Map<string, string>() }

/** Two equal models, judged by who is longer; the second stands left half of the time. */
function rowsOf(count: number): StyledRow[] {
  const random = seededRandom(5)
  return Array.from({ length: count }, (_, at) => {
    const [left, right] = [1 + random.below(400), 1 + random.below(400)]
    const isSwapped = random.next() < 0.5
    const isLeftChosen = random.next() < (left > right ? 0.8 : 0.2)
    const outcome = isLeftChosen === isSwapped ? 1 : 0
    return { pair: 1, rater: at % 20, outcome, isSwapped, style: [left, 0, 0, 0, right, 0, 0, 0] }
  })
}

it('finds that votes follow length, and no strength, whichever side a model stood', () => {
  const ring = openStyleRing()
  ring.fill(rowsOf(600))
  const styled = ring.rate(on)
  const [words] = styled?.effects ?? []
  expect(words?.name).toBe('words')
  expect(words?.points ?? 0).toBeGreaterThan(5 * (words?.se ?? 0))
  const [first = 0, second = 0] = styled?.board.fit.theta ?? []
  expect(Math.abs(first - second)).toBeLessThan(0.5)
  const position = styled?.effects.find(({ name }) => name === 'position')
  expect(Math.abs(position?.points ?? 0)).toBeLessThan(3 * (position?.se ?? 0))
})

it('has nothing to say without votes whose answers are known', () => {
  const ring = openStyleRing()
  expect(ring.rate(on)).toBeNull()
  ring.move({
    ...{ seq: 1, voteId: '', boardIds: [1], pair: 1, rater: 1, prompt: null, outcome: 0, sign: 1 },
    ...{ isOver: false, movedAtMs: 0, style: null, isSwapped: false },
  })
  expect(ring.rate(on)).toBeNull()
})
