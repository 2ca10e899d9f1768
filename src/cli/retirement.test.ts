import { expect, it } from 'vitest'
import { proposalRow, readDay } from './retirement.ts'

it('reads a day as its beginning, and no other text', () => {
  expect(readDay('2027-01-31')).toBe('2027-01-31T00:00:00.000Z')
  for (const text of ['2027-02-30', '31.1.2027', 'soon', ''])
    expect(() => readDay(text)).toThrow('--on takes a day')
})

it('tells why a model may go, who chose it, and what would be saved', () => {
  const row = proposalRow({
    ...{
      model: 'acme/mole',
      successor: 'acme/lion',
      price: 2,
      successor_price: 1,
      currency: 'USD',
    },
    age_days: 20,
    boards: [
      {
        ...{ slice: 'overall', version: 3, gap_points: 149.6, votes: 80, information: 15 },
        ...{ certified_at: null, log_e: null, tolerance_votes: null },
      },
    ],
    use: { days: 30, requests: 100, routed_requests: 60, choosers: 2, chooser_share: 0.125 },
    saved: 12.345,
  })
  expect(row).toEqual([
    ...['acme/mole', 'acme/lion', 'overall: 150 points, 80 votes', '2 (13 %)', '100', '12.35 USD'],
  ])
})
