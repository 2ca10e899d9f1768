import { expect, it } from 'vitest'
import { listingChange, modelChange, newProvider, pageQuery } from './route-schemas.ts'

it('bounds every input, and refuses what it does not know', () => {
  for (const body of [
    { name: 'a\u0000' },
    { models: ['x'.repeat(257)] },
    { models: Array(501).fill('x') },
    { url: 'x'.repeat(2_049) },
    { colour: 'red' },
  ]) {
    expect(newProvider.safeParse(body).success).toBe(false)
  }
  expect(newProvider.safeParse({ url: 'localhost:11434', models: null }).success).toBe(true)
})

it('takes at most 20 facts at once', () => {
  const facts = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, null]))
  expect(modelChange.safeParse({ facts: facts(20) }).success).toBe(true)
  expect(modelChange.safeParse({ facts: facts(21) }).success).toBe(false)
  expect(listingChange.safeParse({ is_on: 'yes' }).success).toBe(false)
})

it('cuts pages of 200 unless asked otherwise', () => {
  expect(pageQuery.parse({})).toEqual({ limit: 200 })
  expect(pageQuery.safeParse({ limit: '1001' }).success).toBe(false)
  expect(pageQuery.safeParse({ cursor: 'x' }).success).toBe(false)
})
