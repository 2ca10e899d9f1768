import { expect, it } from 'vitest'
import type { ListingAnswer } from './answers.ts'
import { isResting, mendOf, troubleOf } from './describe-rest.ts'

const resting = {
  state: 'resting',
  until: '2026-11-25T10:05:09.400Z',
  recent_failures: 5,
  last_reason: 'upstream_unreachable',
} as const
const listing: ListingAnswer = {
  id: '01a2135c-6ec7-7032-86a5-edc85032f02e',
  model: 'acme/lion',
  provider: { id: '01a2135c-0000-7000-8000-000000000001', name: 'box', kind: 'vllm' },
  upstream_model: 'lion',
  is_on: true,
  is_live: true,
  position: null,
  facts: {},
  health: resting,
  switched_at: null,
  vanished_at: null,
}

it('says why a listing rests, until which second, and how often it failed', () => {
  expect(troubleOf(resting)).toBe(
    'rests until 2026-11-25 10:05:10 UTC (its provider cannot be reached, 5 failures in a minute)',
  )
})

it('counts no failures where the minute they are counted for is over', () => {
  expect(troubleOf({ ...resting, recent_failures: 0 })).toBe(
    'rests until 2026-11-25 10:05:10 UTC (its provider cannot be reached)',
  )
  expect(troubleOf({ ...resting, recent_failures: 0, last_reason: null })).not.toContain('(')
  expect(troubleOf({ ...resting, last_reason: 'from_a_later_release' })).toContain('(5 failures')
})

it('says what to do about it, by what it failed of', () => {
  expect(mendOf(listing)).toContain('providers set box --url')
  expect(mendOf(listing)).toContain(`models off ${listing.id}`)
  const refused = { ...resting, last_reason: 'upstream_refused_us' }
  expect(mendOf({ ...listing, health: refused })).toContain('--key-file')
  expect(mendOf({ ...listing, health: null })).toContain('providers show box')
})

it('takes one that is switched off, or well, for none that rests', () => {
  expect(isResting(listing)).toBe(true)
  expect(isResting({ ...listing, is_on: false })).toBe(false)
  expect(isResting({ ...listing, health: null })).toBe(false)
})
