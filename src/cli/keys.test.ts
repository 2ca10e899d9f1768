import { expect, it } from 'vitest'
import { stateOf } from './keys.ts'

it('tells active, expired and revoked keys apart', () => {
  const nowMs = Date.parse('2026-11-25T12:00:00Z')
  const never = { revoked_at: null, expires_at: null }
  expect(stateOf(never, nowMs)).toBe('active')
  expect(stateOf({ ...never, expires_at: '2026-11-25T12:00:01Z' }, nowMs)).toBe('active')
  expect(stateOf({ ...never, expires_at: '2026-11-25T12:00:00Z' }, nowMs)).toBe('expired')
  expect(stateOf({ ...never, revoked_at: '2026-11-01T00:00:00Z' }, nowMs)).toBe('revoked')
})
