import { expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

test('it forgets what was used longest ago', () => {
  const map = new BoundedMap<number>(3)
  for (const key of ['a', 'b', 'c']) map.set(key, 1)
  map.get('a')
  map.set('d', 1)
  expect(map.size).toBe(3)
  expect(map.get('b')).toBeUndefined()
  expect(map.get('a')).toBe(1)
})

test('a value set again is new, deleted or cleared ones are gone', () => {
  const map = new BoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 1)
  map.set('a', 2)
  map.set('c', 1)
  expect(map.get('a')).toBe(2)
  map.delete('a')
  expect(map.get('a')).toBeUndefined()
  map.clear()
  expect(map.size).toBe(0)
})

test('however much comes in, it stays small', () => {
  const map = new BoundedMap<number>(100)
  for (let index = 0; index < 10_000; index++) map.set(`k${index}`, index)
  expect(map.size).toBe(100)
  expect(map.get('k9999')).toBe(9_999)
})
