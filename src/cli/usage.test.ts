import { expect, it } from 'vitest'
import type { UsageAnswer } from './answers.ts'
import { formatTable } from './format-table.ts'
import { readSince } from './read-since.ts'
import { describeTotals, usageRow } from './usage.ts'

const row: UsageAnswer = {
  id: '01a2135c-6ec7-7032-86a5-edc85032f02e',
  started_at: '2026-11-25T10:05:09.123Z',
  model: 'acme/lion',
  model_id: '01a2135c-0000-7000-8000-000000000001',
  listing_id: '01a2135c-0000-7000-8000-000000000002',
  purpose: 'use',
  tokens: {
    input: 1_000,
    cached_input: 200,
    cache_write: 34,
    output: 5,
    reasoning: 6,
    total: 1_245,
  },
  source: 'reported',
  outcome: 'answered',
  cost: { amount: '0.012207', currency: 'USD', known: true },
}
const NOW_MS = Date.parse('2026-11-25T12:00:00Z')

it('tells a request in a line: when, what, where, tokens in and out, how it ended', () => {
  const places = new Map([[row.listing_id, 'box']])
  expect(usageRow(row, places)).toEqual([
    '11-25 10:05:09',
    'acme/lion',
    'box',
    '1,234',
    '11',
    '0.0122 USD',
    'answered',
    'use',
  ])
  const gone = { ...row, model: null, source: 'estimated', outcome: 'upstream_error' } as const
  expect(usageRow(gone, new Map()).slice(1, 7)).toEqual([
    'gone (01a2135c…)',
    '01a2135c…',
    '~1,234',
    '~11',
    '~0.0122 USD',
    'upstream error',
  ])
})

it('sums up what it shows, and says when there is more', () => {
  expect(describeTotals([row, { ...row, outcome: 'aborted' }], true)).toEqual([
    '2 requests (1 answered, 1 aborted): 2,468 tokens in, 22 out.',
    'Cost: 0.0244 USD.',
  ])
  const { cost: _cost, ...unpriced } = row
  expect(describeTotals([row, unpriced], true)[1]).toBe(
    'Cost: 0.0122 USD. The cost of 1 is unknown.',
  )
  expect(describeTotals([row], false).join(' ')).toContain('--limit')
})

it('fits 80 cells, whatever models are called', () => {
  const long = { ...row, model: `acme/${'lion-'.repeat(20)}`, outcome: 'upstream_error' } as const
  const cells = usageRow(long, new Map([[row.listing_id, 'a-provider-of-a-long-name']]))
  const columns = ['TIME', 'MODEL', 'AT', 'IN', 'OUT', 'COST', 'OUTCOME', 'PURPOSE']
  const text = formatTable(
    columns.map((title) => ({ title })),
    [cells],
    { columns: 80, styleHead: (head) => head },
  )
  expect(text.split('\n')).toHaveLength(3)
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

it.each([
  ['90min', '2026-11-25T10:30:00.000Z'],
  ['24h', '2026-11-24T12:00:00.000Z'],
  ['7d', '2026-11-18T12:00:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T10:00+02:00', '2026-11-01T08:00:00.000Z'],
])('since %s is %s', (text, iso) => {
  expect(readSince(text, NOW_MS)?.toISOString()).toBe(iso)
})

it.each(['', 'yesterday', '7', '2026-02-31', '2026-13-01', '2026-11-01T10:00', '-1d'])(
  'since %j is refused',
  (text) => {
    expect(readSince(text, NOW_MS)).toBeUndefined()
  },
)
