import { expect, it } from 'vitest'
import type { UsageTotalsAnswer } from '../metering/index.ts'
import type { UsageAnswer } from './answers.ts'
import { formatTable } from './format-table.ts'
import { readSince } from './read-since.ts'
import { describeTotals, groupRow, usageTable } from './usage.ts'
import type { UsageNames } from './usage-names.ts'

const row: UsageAnswer = {
  id: '01a2135c-6ec7-7032-86a5-edc85032f02e',
  started_at: '2026-11-25T10:05:09.123Z',
  model: 'acme/lion',
  model_id: '01a2135c-0000-7000-8000-000000000001',
  key_id: '01a2135c-0000-7000-8000-000000000003',
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

const names: UsageNames = {
  places: new Map([[row.listing_id, 'box']]),
  keys: new Map([['01a2135c-0000-7000-8000-000000000003', 'laptop']]),
  models: new Map([[row.model_id, 'acme/lion']]),
}
const none: UsageNames = { places: null, keys: new Map(), models: new Map() }

/** Of requests like `row`, which cost the same. */
function totals(over: Partial<UsageTotalsAnswer['total']> = {}): UsageTotalsAnswer['total'] {
  return {
    key: null,
    request_count: 2,
    tokens: { ...row.tokens, input: 2_234 },
    costs: [{ amount: '0.024414', currency: 'USD', request_count: 2 }],
    cost_unknown_count: 0,
    cost: { amount: '0.024414', currency: 'USD', known: true, rate_day: null },
    ...over,
  }
}

it('tells a request in a line: when, what, where, by which key, tokens, cost, how it ended', () => {
  expect(usageTable([row], names).cells[0]).toEqual([
    '11-25 10:05:09',
    'acme/lion',
    'box',
    'laptop',
    '1,234',
    '11',
    '0.0122 USD',
    'answered',
  ])
  const gone = { ...row, model: null, source: 'estimated', outcome: 'upstream_error' } as const
  expect(usageTable([gone], { ...none, places: new Map() }).cells[0]?.slice(1, 8)).toEqual([
    'gone (01a2135c…)',
    '01a2135c…',
    '01a2135c…',
    '~1,234',
    '~11',
    '~0.0122 USD',
    'upstream error',
  ])
})

it('leaves out the providers where the key may not know them, and the usual purpose', () => {
  const titles = (rows: UsageAnswer[], known: UsageNames) =>
    usageTable(rows, known).columns.map(({ title }) => title)
  expect(titles([row], none)).not.toContain('AT')
  expect(titles([row], names)).not.toContain('PURPOSE')
  expect(titles([{ ...row, purpose: 'battle' }], names)).toContain('PURPOSE')
})

it('sums up all that fits, and says when more is there than is shown', () => {
  expect(describeTotals(totals(), [row, { ...row, outcome: 'aborted' }], true)).toEqual([
    '2 requests (1 answered, 1 aborted): 2,468 tokens in, 11 out.',
    'Cost: 0.0244 USD.',
  ])
  expect(describeTotals(totals({ cost_unknown_count: 1 }), [row], true)[1]).toBe(
    'Cost: 0.0244 USD. The cost of 1 is unknown.',
  )
  const more = describeTotals(totals(), [row], false)
  expect(more[0]).toContain('(the newest 1 are shown)')
  expect(more.join(' ')).toContain('--limit')
})

it('sums in the owner’s currency, or by currency where a rate is missing', () => {
  const costs = [
    { amount: '0.0000619', currency: 'USD', request_count: 1 },
    { amount: '0', currency: 'CNY', request_count: 1 },
  ]
  const cost = { amount: '0.00044', currency: 'CNY', known: true, rate_day: '2026-11-01' }
  expect(describeTotals(totals({ costs, cost }), [row], true)[1]).toBe(
    'Cost: 0.00044 CNY (0.0000619 USD, 0 CNY, at rates of 2026-11-01).',
  )
  const unknown = { ...cost, amount: null, known: false }
  const [, parts, why] = describeTotals(totals({ costs, cost: unknown }), [row], true)
  expect(parts).toBe('Cost: 0.0000619 USD, 0 CNY.')
  expect(why).toContain('a rate is missing')
})

it('tells sums of each model, key or day', () => {
  const rest = ['2', '2,468', '11', '0.0244 USD', '0']
  expect(groupRow(totals({ key: row.model_id }), 'model', names)).toEqual(['acme/lion', ...rest])
  expect(groupRow(totals({ key: row.key_id }), 'key', names)[0]).toBe('laptop')
  expect(groupRow(totals(), 'key', names)[0]).toBe('browser')
  expect(groupRow(totals({ key: '2026-11-25' }), 'day', names)[0]).toBe('2026-11-25')
})

it('fits 80 cells, whatever models are called', () => {
  const long = { ...row, model: `acme/${'lion-'.repeat(20)}`, outcome: 'upstream_error' } as const
  const places = new Map([[row.listing_id, 'a-provider-of-a-long-name']])
  const { columns, cells } = usageTable([long], { ...names, places })
  const text = formatTable(columns, cells, { columns: 80, styleHead: (head) => head })
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
