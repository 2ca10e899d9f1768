import { describe, expect, it } from 'vitest'
import { CATEGORIES, findCategory } from '../boards/index.ts'
import { chanceOf, chooseVote } from './choose-vote.ts'
import { drawNumbers } from './draw-numbers.ts'
import { findTruth } from './find-truth.ts'
import { planWorld } from './plan-world.ts'
import { writePrompt } from './write-prompt.ts'

const size = { seed: 7, people: 60, models: 12, days: 30, votes: 4_000 }
const world = planWorld(size)

describe('a world', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planWorld(size)).toEqual(world)
    expect(planWorld({ ...size, seed: 8 }).models).not.toEqual(world.models)
  })

  it('has few who vote a lot and many who hardly do', () => {
    const votes = new Array<number>(60).fill(0)
    for (const { person } of world.ballots) votes[person] = (votes[person] ?? 0) + 1
    const sorted = votes.toSorted((a, b) => b - a)
    const top = sorted.slice(0, 6).reduce((sum, count) => sum + count, 0)
    expect(top / 4_000).toBeGreaterThan(0.45)
    expect(sorted[0] ?? 0).toBeLessThan(2_000)
    expect(sorted.slice(30).every((count) => count < 60)).toBe(true)
  })

  it('has two models that join later and one in the middle that changes', () => {
    expect(world.models.filter(({ bornDay }) => bornDay > 0)).toHaveLength(2)
    expect(world.models.filter(({ drift }) => drift !== null)).toHaveLength(1)
  })

  it('asks questions that the boards find the category of', () => {
    for (const category of CATEGORIES)
      for (const number of [0, 1, 17, 380, 3_999])
        expect(findCategory(writePrompt(category, number)), writePrompt(category, number)).toBe(
          category,
        )
  })
})

describe('a vote', () => {
  it('has the mean score that strengths, tastes and matchups say, whatever the ties', () => {
    const meeting = { person: 3, category: 'code', day: 0, a: 1, b: 4 } as const
    const numbers = drawNumbers(1, 'votes')
    const scores = { a: 1, b: 0, tie: 0.5, both_bad: 0.5 }
    let sum = 0
    const votes = 40_000
    for (let k = 0; k < votes; k++) sum += scores[chooseVote(world, meeting, numbers)]
    expect(Math.abs(sum / votes - chanceOf(world, meeting))).toBeLessThan(0.01)
  })

  it('turns with the sides', () => {
    const meeting = { person: 3, category: 'code', day: 0, a: 1, b: 4 } as const
    const turned = { ...meeting, a: 4, b: 1 }
    expect(chanceOf(world, meeting) + chanceOf(world, turned)).toBeCloseTo(1, 12)
  })
})

describe('the truth', () => {
  it('lies near the strengths, drawn together a little by tastes, with the mean of a board', () => {
    const truth = findTruth(world, { category: null, days: [[0, 1]] })
    const mean = truth.reduce((sum, points) => sum + points, 0) / truth.length
    expect(mean).toBeCloseTo(1_000, 6)
    const centre = world.models.reduce((sum, { strength }) => sum + strength, 0) / 12
    for (const [at, { strength }] of world.models.entries())
      expect(Math.abs((truth[at] ?? 0) - 1_000 - (strength - centre))).toBeLessThan(25)
  })

  it('follows a model that changed', () => {
    const drifting = world.models.findIndex(({ drift }) => drift !== null)
    const before = findTruth(world, { category: null, days: [[0, 1]] })
    const after = findTruth(world, { category: null, days: [[29, 1]] })
    expect((after[drifting] ?? 0) - (before[drifting] ?? 0)).toBeLessThan(-100)
  })
})
