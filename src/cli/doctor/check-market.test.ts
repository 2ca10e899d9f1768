import { expect, it } from 'vitest'
import type { ListingAnswer } from '../answers.ts'
import { describeResting } from './check-market.ts'

const well: ListingAnswer = {
  id: '01a2135c-6ec7-7032-86a5-edc85032f02e',
  model: 'acme/lion',
  provider: { id: '01a2135c-0000-7000-8000-000000000001', name: 'box', kind: 'vllm' },
  upstream_model: 'lion',
  is_on: true,
  is_live: true,
  position: null,
  facts: {},
  health: null,
  switched_at: null,
  vanished_at: null,
}
const resting: ListingAnswer = {
  ...well,
  health: {
    state: 'resting',
    until: '2026-11-25T10:05:09.000Z',
    recent_failures: 5,
    last_reason: 'upstream_error',
  },
}

it('a model of which all listings rest is broken: why, until when, and what to do', () => {
  expect(describeResting([resting])).toMatchObject([
    {
      part: 'model acme/lion',
      state: 'broken',
      found:
        'at box rests until 2026-11-25 10:05:09 UTC (its provider answers with errors, 5 failures in a minute)',
      mend: expect.stringContaining('tried again by itself'),
    },
  ])
})

it('a listing that rests while another of its model answers is a warning', () => {
  const other = { ...well, id: '01a2135c-6ec7-7032-86a5-edc85032f03e' }
  expect(describeResting([resting, other])).toMatchObject([
    { state: 'warning', found: expect.stringContaining('another listing answers') },
  ])
  const elsewhere = { ...other, model: 'acme/puma' }
  expect(describeResting([resting, elsewhere])).toMatchObject([{ state: 'broken' }])
  expect(describeResting([well])).toEqual([])
})
