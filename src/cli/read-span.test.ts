import { expect, it } from 'vitest'
import { formatSpan, readSpan } from './read-span.ts'

it.each([
  ['500ms', 500],
  ['60s', 60_000],
  ['1.5s', 1_500],
  ['10min', 600_000],
  ['10 min', 600_000],
  ['10m', 600_000],
  ['1H', 3_600_000],
])('reads %s', (text, ms) => {
  expect(readSpan(100, 3_600_000)(text)).toBe(ms)
})

it.each(['60', '', 's', '-1s', '99ms', '61min', '2h', '1e3s', '1 minute', 'Infinitys'])(
  'refuses %j, and says how to write it',
  (text) => {
    expect(() => readSpan(100, 3_600_000)(text)).toThrow('such as 500ms, 60s or 10min')
  },
)

it.each([
  [0, '0 ms'],
  [100, '100 ms'],
  [1_500, '1500 ms'],
  [90_000, '90 s'],
  [600_000, '10 min'],
  [3_600_000, '1 h'],
])('writes %d as people do', (ms, text) => {
  expect(formatSpan(ms)).toBe(text)
})
