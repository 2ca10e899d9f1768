import { expect, it } from 'vitest'
import { sumInformation } from './sum-information.ts'

it('adds up a quarter for each vote between equals, and less between unequals', () => {
  const rows = [
    { name: 'a', rating: 1000 },
    { name: 'b', rating: 1000 },
    { name: 'c', rating: 1400 },
    { name: 'd', rating: null },
  ]
  const pairs = [
    { first: 'a', second: 'b', counts: [10, 20, 10, 99] },
    { first: 'a', second: 'c', counts: [0, 121, 0, 0] },
    { first: 'a', second: 'd', counts: [5, 5, 5, 5] },
  ]
  const information = sumInformation(pairs, rows)
  expect(information.get('b')).toBeCloseTo(10, 9)
  expect(information.get('c')).toBeCloseTo(10, 9)
  expect(information.get('a')).toBeCloseTo(20, 9)
  expect(information.has('d')).toBe(false)
})
