import { expect, it } from 'vitest'
import { openPins, PIN_MS } from './keep-pins.ts'

it('keeps a conversation at a listing for five minutes, however often it comes', () => {
  const pins = openPins()
  pins.keep('a', 'one', 0)
  pins.keep('a', 'one', PIN_MS - 1)
  expect(pins.find('a', PIN_MS - 1)).toBe('one')
  expect(pins.find('a', PIN_MS)).toBeNull()
  expect(pins.find('b', 0)).toBeNull()
})

it('goes to another listing for five minutes more', () => {
  const pins = openPins()
  pins.keep('a', 'one', 0)
  pins.keep('a', 'two', 100)
  expect(pins.find('a', PIN_MS)).toBe('two')
})

it('forgets the oldest when there are too many', () => {
  const pins = openPins()
  for (let at = 0; at <= 10_000; at += 1) pins.keep(`${at}`, 'one', 0)
  expect(pins.size).toBe(10_000)
  expect(pins.find('0', 0)).toBeNull()
  expect(pins.find('10000', 0)).toBe('one')
})
