import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { type PastBattle, replayPolicy } from './replay-policy.ts'

const STRENGTHS: Readonly<Record<string, number>> = { a: 1, b: 0, c: -1 }
const PAIRS = [
  ['a', 'b', 0.6],
  ['a', 'c', 0.1],
  ['b', 'c', 0.3],
] as const

function chance(one: string, other: string): number {
  return 1 / (1 + Math.exp((STRENGTHS[other] ?? 0) - (STRENGTHS[one] ?? 0)))
}

/** Battles that are drawn unevenly: the probabilities are recorded. */
function fight(count: number, seed: number): PastBattle[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (): PastBattle => {
    const lot = random.next()
    const [a, b, drawProbability] = lot < 0.6 ? PAIRS[0] : lot < 0.7 ? PAIRS[1] : PAIRS[2]
    const choice = random.next() < chance(a, b) ? 'a' : 'b'
    const cost = (model: string): number => (model === 'a' ? 2 : 1)
    return { a, b, choice, drawProbability, category: null, costA: cost(a), costB: cost(b) }
  })
}

describe('replayPolicy', () => {
  it('covers the true share of wins against all others evenly, however pairs were drawn', () => {
    const truth = (chance('a', 'b') + chance('a', 'c')) / 2
    let covered = 0
    const rounds = 200
    for (let seed = 1; seed <= rounds; seed += 1) {
      const { winShare } = replayPolicy(fight(400, seed), () => 'a')
      if (winShare !== null && winShare.low <= truth && truth <= winShare.high) covered += 1
    }
    expect(covered / rounds).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / rounds) - 0.01)
  })

  it('adds up what answers cost, and counts what is not known', () => {
    const battles = fight(300, 1)
    expect(replayPolicy(battles, () => 'a').cost?.value).toBeCloseTo(2, 9)
    const unknown = battles.map((battle) => ({ ...battle, costA: null }))
    const replay = replayPolicy(unknown, () => 'a')
    expect(replay.cost).toBeNull()
    expect(replay.costUnknown).toBe(replay.battles)
  })

  it('counts a tie half, two bad answers nothing, and controls not at all', () => {
    const base = { drawProbability: 0.5, category: 'code', costA: 1, costB: 1 }
    const battles: PastBattle[] = [
      { ...base, a: 'x', b: 'y', choice: 'tie' },
      { ...base, a: 'y', b: 'x', choice: 'both_bad' },
      { ...base, a: 'x', b: 'x', choice: 'a' },
    ]
    const replay = replayPolicy(battles, (category) => (category === 'code' ? 'x' : null))
    expect(replay).toMatchObject({ battles: 2, effectiveBattles: 2 })
    expect(replay.winShare?.value).toBeCloseTo(0.25, 9)
    expect([...replay.chosen]).toEqual([['x', 2]])
  })

  it('tells nothing of a model that never took part, and of no battles', () => {
    expect(replayPolicy(fight(50, 1), () => 'z').winShare).toBeNull()
    expect(replayPolicy([], () => 'a')).toMatchObject({ battles: 0, winShare: null, cost: null })
  })
})
