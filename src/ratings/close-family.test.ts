import { expect, test } from 'vitest'
import { goldenVerdict } from '../../tests/support/golden-verdict.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { closedThreshold } from './close-family.ts'

test.each(goldenVerdict.closed_testing)(
  'closed testing of $e certifies the golden ones',
  (golden) => {
    const { threshold, logThreshold } = closedThreshold(golden.e.map(Math.log), golden.alpha)
    expect(threshold).toBeCloseTo(golden.threshold, 9)
    expect(golden.e.map((value) => Math.log(value) >= logThreshold)).toEqual(golden.certified)
  },
)

/** Whether the mean of every subset that holds `index` is at least 1/α. */
function isRejectedByClosure(e: readonly number[], index: number, alpha: number): boolean {
  for (let subset = 0; subset < 2 ** e.length; subset++) {
    if ((subset & (1 << index)) === 0) continue
    const members = e.filter((_, place) => (subset & (1 << place)) !== 0)
    const mean = members.reduce((sum, value) => sum + value, 0) / members.length
    if (mean < 1 / alpha) return false
  }
  return true
}

test('closed testing agrees with trying every subset of the family', () => {
  const { next } = seededRandom(5)
  for (let round = 0; round < 300; round++) {
    const e = Array.from({ length: 1 + Math.floor(next() * 9) }, () => Math.exp(next() * 9 - 3))
    const alpha = [0.05, 0.2, 0.5][round % 3] as number
    const { logThreshold } = closedThreshold(e.map(Math.log), alpha)
    const certified = e.map((value) => Math.log(value) >= logThreshold)
    expect(certified).toEqual(e.map((_, index) => isRejectedByClosure(e, index, alpha)))
  }
})

test('pairs outside the family weigh nothing', () => {
  expect(closedThreshold([Number.NaN, Number.NaN]).threshold).toBe(20)
})
