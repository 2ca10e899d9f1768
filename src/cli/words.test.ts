import { expect, it } from 'vitest'
import { count, formatBytes, formatCount, formatMs, formatTime, formatWhole } from './words.ts'

it('shortens large counts to three digits', () => {
  expect([999, 1000, 4_200_000, 70_553_706_496, 1.2e12].map(formatCount)).toEqual([
    '999',
    '1 K',
    '4.2 M',
    '70.6 B',
    '1.2 T',
  ])
})

it('says unknown where nobody knows, never zero', () => {
  expect([formatCount(null), formatWhole(undefined), formatBytes(null), formatTime(null)]).toEqual(
    Array.from({ length: 4 }, () => 'unknown'),
  )
  expect(formatTime(null, 'never')).toBe('never')
})

it('names units of size and time', () => {
  expect([0, 999, 5_368_709_120].map(formatBytes)).toEqual(['0 B', '999 B', '5.37 GB'])
  expect([12.4, 1500, 245_000].map(formatMs)).toEqual(['12 ms', '1.5 s', '4 min 05 s'])
  expect(formatTime('2026-11-25T15:04:05.123Z')).toBe('2026-11-25 15:04 UTC')
  expect(formatWhole(32_768)).toBe('32,768')
})

it('counts one and several', () => {
  expect([count(1, 'model'), count(0, 'model')]).toEqual(['1 model', '0 models'])
})
