import { describe, expect, it } from 'vitest'
import { chooseVote } from './choose-vote.ts'
import { drawNumbers } from './draw-numbers.ts'
import { findDrift } from './find-drift.ts'
import { planWorld } from './plan-world.ts'

const world = planWorld({ seed: 5, people: 200, models: 8, days: 30, votes: 12_000 })
const changed = world.models.findIndex(({ drift }) => drift !== null)

/** Votes on pairs drawn evenly, people in turn. */
function castAll(votes: number) {
  const numbers = drawNumbers(5, 'drift')
  return Array.from({ length: votes }, (_, at) => {
    const a = Math.floor(8 * numbers.next())
    const b = (a + 1 + Math.floor(7 * numbers.next())) % 8
    const day = Math.floor((30 * at) / votes)
    const meeting = { a, b, day, person: at % 200, category: 'other' } as const
    return { ...meeting, choice: chooseVote(world, meeting, numbers), rater: String(at % 200) }
  })
}

describe('a model that changes and says nothing', () => {
  it('is found by its votes, where those are many and people vote in turn', () => {
    expect(findDrift(world, changed, castAll(12_000))?.status).toBe('alarm')
  })

  it('is told from one that stays what it was', () => {
    const steady = world.models.findIndex(({ drift, bornDay }) => drift === null && bornDay === 0)
    expect(findDrift(world, steady, castAll(12_000))?.status).toBe('steady')
  })

  it('is not looked for in fewer votes than two blocks', () => {
    expect(findDrift(world, changed, castAll(400))).toBe(null)
  })
})
