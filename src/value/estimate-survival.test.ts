import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { estimateSurvival, type Life } from './estimate-survival.ts'

/** `6+` is censored at 6. */
function lives(text: string): Life[] {
  return text.split(' ').map((word) => ({
    duration: Number(word.replace('+', '')),
    hasLeft: !word.endsWith('+'),
  }))
}

describe('estimateSurvival', () => {
  it('gives what Bewick and others print (Critical Care 2004)', () => {
    const steps = estimateSurvival(lives('1 1 4 5 6+ 9 9+ 22'))
    expect(steps.map(({ time }) => time)).toEqual([1, 4, 5, 9, 22])
    const survival = [0.75, 0.625, 0.5, 1 / 3, 0]
    for (const [at, step] of steps.entries())
      expect(step.survival).toBeCloseTo(survival[at] ?? -1, 9)
    expect(steps.at(-1)?.se).toBe(0)
  })

  it('gives Freireich’s 6-MP arm, with its errors', () => {
    const arm = '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+'
    const steps = estimateSurvival(lives(arm))
    expect(steps.map(({ time }) => time)).toEqual([6, 7, 10, 13, 16, 22, 23])
    expect(steps.map(({ survival }) => survival.toFixed(4))).toEqual(
      '0.8571 0.8067 0.7529 0.6902 0.6275 0.5378 0.4482'.split(' '),
    )
    expect(steps.map(({ se }) => se.toFixed(4))).toEqual(
      '0.0764 0.0869 0.0963 0.1068 0.1141 0.1282 0.1346'.split(' '),
    )
  })

  it('gives Freireich’s control arm after eight weeks', () => {
    const steps = estimateSurvival(lives('1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23'))
    const after = steps.find(({ time }) => time === 8)
    expect([after?.survival.toFixed(4), after?.se.toFixed(3)]).toEqual(['0.3810', '0.106'])
  })

  it('is empty where nobody left, or nobody came', () => {
    expect(estimateSurvival([])).toEqual([])
    expect(estimateSurvival(lives('3+ 4+'))).toEqual([])
    expect(estimateSurvival([{ duration: Number.NaN, hasLeft: true }])).toEqual([])
  })

  it('never rises, stays within 0 and 1, and is the plain share where all were seen to leave', () => {
    const random = seededRandom(5)
    for (let round = 0; round < 200; round += 1) {
      const isWhole = round % 2 === 0
      const all = Array.from({ length: 1 + random.below(30) }, () => ({
        duration: random.below(10),
        hasLeft: isWhole || random.next() < 0.6,
      }))
      let before = 1
      for (const { survival, time } of estimateSurvival(all)) {
        expect(survival).toBeLessThanOrEqual(before)
        expect(survival).toBeGreaterThanOrEqual(0)
        const longer = all.filter(({ duration }) => duration > time).length
        if (isWhole) expect(survival).toBeCloseTo(longer / all.length, 9)
        before = survival
      }
    }
  })
})
