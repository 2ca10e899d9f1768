import { expect, it } from 'vitest'
import { livesOfModels } from './lives-of-models.ts'
import type { Retirement } from './types-retirement.ts'

const DAY_MS = 86_400_000

it('counts days from the first traffic to retirement, or to now; house models are no part of it', () => {
  const model = (id: string, league = 'models') => ({ id, league, mergedIntoId: null })
  const rows = {
    models: [model('a'), model('b'), model('c'), model('never'), model('house', 'practice')],
    variants: ['a', 'b', 'c', 'never', 'house'].map((id) => ({ id, modelId: id })),
    listings: [
      ...['a', 'b', 'c', 'house'].map((variantId) => ({ variantId, switchedAtMs: 0 })),
      { variantId: 'never', switchedAtMs: null },
    ],
  }
  const retired = (modelId: string, restoredAt: Date | null) =>
    ({ modelId, retiredAt: new Date(3 * DAY_MS), restoredAt }) as unknown as Retirement
  const retirements = [retired('a', null), retired('b', new Date(4 * DAY_MS))]
  const lives = livesOfModels(
    rows as unknown as Parameters<typeof livesOfModels>[0],
    retirements,
    10 * DAY_MS,
  )
  expect(lives).toEqual([
    { duration: 3, hasLeft: true },
    { duration: 10, hasLeft: false },
    { duration: 10, hasLeft: false },
  ])
})
