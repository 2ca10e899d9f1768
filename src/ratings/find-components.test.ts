import { expect, test } from 'vitest'
import { countRow } from '../../tests/support/golden-fits.ts'
import { countRows } from './count-votes.ts'
import { findComponents, findSeparation } from './find-components.ts'
import { splitIslands } from './islands.ts'

function pairsOf(rows: readonly (readonly [string, string, number, number])[], models = ['a']) {
  const counted = rows.map(([one, other, wins, losses]) => countRow([one, other], wins, losses))
  return countRows(counted, { models }).votes.pairs
}

test('models that votes join are one component, numbered by their first model', () => {
  const pairs = pairsOf([
    ['b', 'e', 1, 0],
    ['e', 'd', 1, 0],
    ['c', 'f', 0, 1],
  ])
  expect(pairs.models).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  const { component, components } = findComponents(pairs)
  expect([...component]).toEqual([0, 1, 2, 1, 1, 2])
  expect(components).toBe(3)
})

test('an island has indexes of its own', () => {
  const pairs = pairsOf([
    ['b', 'e', 4, 0],
    ['c', 'f', 0, 1],
  ])
  const island = splitIslands(pairs).islands[1]
  expect([...(island?.members ?? [])]).toEqual([1, 3])
  expect([island?.first[0], island?.second[0], island?.N[0], island?.S[0]]).toEqual([0, 1, 4, 4])
})

test('a circle of wins has a maximum, a chain of them has none', () => {
  const circle = pairsOf([
    ['a', 'b', 1, 0],
    ['b', 'c', 1, 0],
    ['c', 'a', 1, 0],
  ])
  expect(findSeparation(circle, findComponents(circle))).toBeNull()
  const chain = pairsOf([
    ['a', 'b', 1, 1],
    ['b', 'c', 1, 0],
  ])
  expect(findSeparation(chain, findComponents(chain))).toEqual({ models: [2], how: 'never scored' })
  const chief = pairsOf([
    ['a', 'b', 1, 1],
    ['c', 'b', 1, 0],
  ])
  const unbeaten = { models: [2], how: 'never lost a point' }
  expect(findSeparation(chief, findComponents(chief))).toEqual(unbeaten)
  const first = pairsOf([
    ['b', 'c', 1, 1],
    ['a', 'c', 1, 0],
  ])
  expect(findSeparation(first, findComponents(first))).toEqual({ ...unbeaten, models: [0] })
})

test('a tie joins both ways, and both bad is one', () => {
  const rows = [{ ...countRow(['a', 'b'], 0, 0), bothBad: 1 }]
  const { pairs } = countRows(rows).votes
  expect(findSeparation(pairs, findComponents(pairs))).toBeNull()
})
