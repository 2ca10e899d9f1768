import { describe, expect, it } from 'vitest'
import { findTruth } from './find-truth.ts'
import { judgeOutcome } from './judge-outcome.ts'
import { planWorld } from './plan-world.ts'
import type { Story } from './types.ts'

const world = planWorld({ seed: 2, people: 60, models: 12, days: 30, votes: 4_000 })
const truth = findTruth(world, { category: null, days: [[0, 1]] })

/** A story in which the market says what is true, within 50 points, but for what is changed. */
function tell(changes: Partial<Story>): Story {
  const points = truth.map((rating, model) => ({
    ...{ model, truth: rating, rating, low: rating - 50, high: rating + 50, votes: 600 },
  }))
  return {
    ...{ size: world.size, days: [], boards: [{ slice: 'overall', points }], departures: [] },
    ...{ votes: { cast: 4_000, counted: 4_000, controls: 0 }, changed: null, drift: null },
    ...{ matchupSpread: 0, raterDesignEffect: 1 },
    autoPicks: [
      { category: 'code', share: 1, picked: 0, best: 0, value: 0.03, bestValue: 0.03, why: '' },
    ],
    ...changes,
  }
}

function resultOf(name: string, story: Story): boolean | undefined {
  return judgeOutcome([{ world, story }]).find((one) => one.name === name)?.isMet
}

describe('what must come true', () => {
  it('lets ratings pass that follow the truth, and none that turn it round', () => {
    const name = 'ratings recover strengths'
    expect(resultOf(name, tell({}))).toBe(true)
    const points = tell({}).boards[0]?.points.map((point) => ({
      ...point,
      rating: 2_000 - point.rating,
    }))
    expect(resultOf(name, tell({ boards: [{ slice: 'overall', points: points ?? [] }] }))).toBe(
      false,
    )
  })

  it('refuses intervals that miss the truth more often than chance explains', () => {
    const points = tell({}).boards[0]?.points.map((point) => ({ ...point, low: point.truth + 1 }))
    const boards = [{ slice: 'overall', points: points ?? [] }]
    expect(resultOf('intervals cover', tell({}))).toBe(true)
    expect(resultOf('intervals cover', tell({ boards }))).toBe(false)
  })

  it('wants clearly dominated models gone and good ones kept', () => {
    const cheapest = world.models
      .map(({ priceUsd }, model) => ({ priceUsd, model }))
      .toSorted((x, y) => x.priceUsd - y.priceUsd)[0]
    const departures = [{ model: cheapest?.model ?? 0, successor: null, day: 20 }]
    expect(resultOf('good models do not', tell({}))).toBe(true)
    expect(resultOf('good models do not', tell({ departures }))).toBe(false)
    const all = world.models.map((_, model) => ({ model, successor: null, day: 20 }))
    expect(resultOf('dominated models retire', tell({ departures: all }))).toBe(true)
    expect(resultOf('dominated models retire', tell({}))).toBe(false)
  })

  it('holds auto to two per cent of what can be had', () => {
    const name = 'auto is near the best achievable'
    const pick = {
      category: 'code',
      share: 1,
      picked: 1,
      best: 0,
      bestValue: 0.03,
      why: '',
    } as const
    expect(resultOf(name, tell({ autoPicks: [{ ...pick, value: 0.0295 }] }))).toBe(true)
    expect(resultOf(name, tell({ autoPicks: [{ ...pick, value: 0.029 }] }))).toBe(false)
  })
})
