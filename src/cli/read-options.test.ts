import { expect, it } from 'vitest'
import { readCount, readExpiry, readNumber, readSeveral, readWhole } from './read-options.ts'

const nowMs = Date.parse('2026-11-25T12:00:00Z')

it.each([
  ['12h', '2026-11-26T00:00:00.000Z'],
  ['30d', '2026-12-25T12:00:00.000Z'],
  ['2w', '2026-12-09T12:00:00.000Z'],
  ['2026-11-25', '2026-11-25T23:59:59.999Z'],
  ['2027-01-31T08:00:00+01:00', '2027-01-31T07:00:00.000Z'],
])('reads %s as the end of a key', (text, iso) => {
  expect(readExpiry(text, nowMs)?.toISOString()).toBe(iso)
})

it.each([
  '',
  'soon',
  '30',
  '0d',
  '2026-11-24',
  '2026-13-01',
  '-3d',
  '12',
  '2027-02-31',
  '2027-02-31T08:00Z',
])('refuses %j: no time to come', (text) => {
  expect(readExpiry(text, nowMs)).toBeUndefined()
})

it('takes numbers within their bounds only', () => {
  expect(readWhole(1, 10)('7')).toBe(7)
  expect(readNumber(0, 2)('0.5')).toBe(0.5)
  for (const text of ['0', '11', '1.5', 'x', '']) expect(() => readWhole(1, 10)(text)).toThrow()
  for (const text of ['-1', '3', 'x', ' ']) expect(() => readNumber(0, 2)(text)).toThrow()
})

it('reads counts with k and m, and none as it is', () => {
  expect(['60', '100k', '1.5M', 'none'].map(readCount)).toEqual([60, 100_000, 1_500_000, 'none'])
  for (const text of ['0', '-1', '1e3', '5g', '', '0.2', '2000000000k'])
    expect(() => readCount(text)).toThrow()
})

it('gathers an option given several times or with commas', () => {
  expect(readSeveral('a, b', ['c'])).toEqual(['c', 'a', 'b'])
})
