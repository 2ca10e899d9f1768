import { expect, it } from 'vitest'
import {
  changeSettings,
  DEFAULT_RESILIENCE,
  listingResilience,
  providerResilience,
  readSettings,
  resilienceOf,
  settingsRow,
  shapeListingResilience,
  shapeProviderResilience,
} from './resilience.ts'

it('is what is set for the listing, else for its provider, else the default', () => {
  const provider = { retries: 5, idleTimeoutMs: 1_000, maxConnections: 9 }
  expect(resilienceOf(provider, { retries: 0 })).toMatchObject({
    retries: 0,
    idleTimeoutMs: 1_000,
    fallsBack: DEFAULT_RESILIENCE.fallsBack,
  })
  expect(resilienceOf(provider, {})).not.toHaveProperty('maxConnections')
  expect(resilienceOf({}, {})).toEqual(DEFAULT_RESILIENCE)
})

it('keeps what a change leaves out, and puts back what it makes null', () => {
  const before = { retries: 0, fallsBack: false, keepAliveMs: 0 }
  const after = changeSettings(before, { falls_back: null, max_connections: 3 })
  expect(after).toEqual({ retries: 0, keepAliveMs: 0, maxConnections: 3 })
  expect(before).toEqual({ retries: 0, fallsBack: false, keepAliveMs: 0 })
})

it('comes back from its row as it went, and leaves out what it does not know', () => {
  const settings = { connectTimeoutMs: 100, hasBreaker: false, keepAliveMs: 0, maxConnections: 1 }
  expect(readSettings(settingsRow(settings))).toEqual(settings)
  expect(readSettings({ retries: 99, colour: 'red', falls_back: false })).toEqual({
    fallsBack: false,
  })
  expect(readSettings(undefined)).toEqual({})
})

it('shows what is set beside what is in force', () => {
  expect(shapeListingResilience({ retries: 1 }, {})).toMatchObject({
    set: {},
    in_force: { retries: 1, falls_back: true, connect_timeout_ms: 5_000 },
  })
  expect(shapeProviderResilience({ retries: 1 })).toMatchObject({
    set: { retries: 1 },
    in_force: { retries: 1, max_connections: 64 },
  })
})

it.each([
  { connect_timeout_ms: 99 },
  { connect_timeout_ms: 3_600_001 },
  { first_byte_timeout_ms: 0 },
  { idle_timeout_ms: 100.5 },
  { retries: -1 },
  { retries: 11 },
  { falls_back: 'no' },
  { keep_alive_ms: 999 },
  { keep_alive_ms: 300_001 },
  { max_connections: 0 },
  { max_connections: 10_001 },
  { retry: 1 },
])('refuses %j', (change) => {
  expect(providerResilience.safeParse(change).success).toBe(false)
})

it.each([
  { connect_timeout_ms: 100, first_byte_timeout_ms: 3_600_000, idle_timeout_ms: null },
  { retries: 0, falls_back: false, has_breaker: false },
  { retries: 10, keep_alive_ms: 0 },
  { keep_alive_ms: 1_000 },
])('takes %j', (change) => {
  expect(listingResilience.safeParse(change).success).toBe(true)
  expect(listingResilience.safeParse({ ...change, max_connections: 1 }).success).toBe(false)
})
