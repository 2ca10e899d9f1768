import { expect, it } from 'vitest'
import { readRetryAfterMs } from './read-retry-after.ts'

const nowMs = Date.parse('2026-11-25T10:00:00Z')

it.each([
  [{}, null],
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after': ' 0.5 ' }, 500],
  [{ 'retry-after-ms': '1500', 'retry-after': '7' }, 1_500],
  [{ 'retry-after-ms': 'soon', 'retry-after': '7' }, 7_000],
  [{ 'retry-after': ['3', '9'] }, 3_000],
  [{ 'retry-after': 'Wed, 25 Nov 2026 10:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Wed, 25 Nov 2026 09:00:00 GMT' }, 0],
  [{ 'retry-after': 'tomorrow' }, null],
  [{ 'retry-after': '-1' }, null],
  [{ 'retry-after': '' }, null],
  [{ 'retry-after': '1e9' }, null],
  [{ 'retry-after': '99999999999' }, 86_400_000],
])('readRetryAfterMs reads %o as %s', (headers, expected) => {
  expect(readRetryAfterMs(headers as Record<string, string | string[]>, nowMs)).toBe(expected)
})
