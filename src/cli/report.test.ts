import { expect, it } from 'vitest'
import { survivalRow } from './report.ts'

it('draws the share that stays', () => {
  const step = { time_days: 30.04, at_risk: 8, left: 2, survival: 0.75, se: 0.1531 }
  expect(survivalRow(step)).toEqual(['30.0', '8', '2', '75.0 %', '15.3 %', '█'.repeat(15)])
})
