import { expect, it } from 'vitest'
import { tellHow, tellNoneFits, tellRoute } from './tell-route.ts'

it('says why in words that a program can read', () => {
  const byValue = tellRoute({ reason: 'value', slice: 'category:code' }, 'code')
  expect(tellHow('auto', byValue)).toBe('auto; by=value; category=code; board=category:code')
  expect(tellRoute({ reason: 'price', slice: null }, null)).toBe('by=price')
  expect(tellRoute({ reason: 'cache', slice: 'overall' }, 'other')).toBe('by=cache; category=other')
})

it('names what no listing satisfies', () => {
  expect(tellNoneFits(new Set(['place', 'training']), true)).toContain(
    'the policy on places, no training and the limits on price and latency',
  )
  expect(tellNoneFits(new Set(), false)).toContain('what the name asks for')
})
