import { expect, it } from 'vitest'
import { DEFAULT_RETIREMENT } from './retirement-service.ts'
import { changeRules, changeSettings, shapeRules } from './shape-rules.ts'
import { DEFAULT_ROUTES } from './types-choice.ts'

it('keeps what is not named, and takes back what is null', () => {
  const set = changeSettings(DEFAULT_ROUTES, { max_price: 0.02, win_value: 0.1 })
  expect(set).toEqual({ ...DEFAULT_ROUTES, mostPrice: 0.02, winValue: 0.1 })
  expect(changeSettings(set, { max_price: null }).mostPrice).toBeNull()
  expect(changeSettings(set, { exploration_share: 0 })).toEqual({ ...set, explorationShare: 0 })
})

it('changes each bound of infancy by itself', () => {
  const rules = changeRules(DEFAULT_RETIREMENT, { infancy_days: null, boards: ['category:code'] })
  expect(shapeRules(rules)).toEqual({
    boards: ['category:code'],
    infancy_information: 60,
    infancy_days: null,
    is_automatic: false,
    max_chooser_share: 0.05,
    sunset_days: 90,
  })
})
