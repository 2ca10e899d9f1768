import { expect, it } from 'vitest'
import { boundSpan } from './bound-span.ts'

const NOW = Date.UTC(2026, 10, 25)
const at = (day: string) => new Date(`${day}T00:00:00Z`)

it('is 31 days to now, or to the end that is asked for', () => {
  const none = { since: null, until: null }
  expect(boundSpan(none, NOW)).toEqual({ since: at('2026-10-25'), until: at('2026-11-25') })
  const until = at('2026-02-01')
  expect(boundSpan({ ...none, until }, NOW)).toEqual({ since: at('2026-01-01'), until })
})

it('is 366 days at most, whatever is asked for', () => {
  const since = at('2025-11-24')
  expect(boundSpan({ since, until: null }, NOW).since).toEqual(since)
  const before = new Date(since.getTime() - 1)
  expect(() => boundSpan({ since: before, until: null }, NOW)).toThrow(
    expect.objectContaining({ code: 'metering_span_too_long', param: 'since' }),
  )
})
