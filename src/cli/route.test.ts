import { describe, expect, it } from 'vitest'
import { composeSettings, readShare, replayLines } from './route.ts'

describe('baimo route set', () => {
  it('takes a share as a part of one or in percent', () => {
    expect([readShare('5%'), readShare('0.05'), readShare('0')]).toEqual([0.05, 0.05, 0])
    for (const text of ['101%', '2', '-1', 'half', ''])
      expect(() => readShare(text)).toThrow('share')
  })

  it('changes what is named alone, and takes limits away', () => {
    expect(composeSettings({ maxPrice: 'none', winValue: '0.1' })).toEqual({
      max_price: null,
      win_value: 0.1,
    })
    expect(() => composeSettings({})).toThrow('Say what to set')
    expect(() => composeSettings({ maxFirstByte: 'soon' })).toThrow('--max-first-byte')
  })
})

it('tells a replay with its intervals, and what is unknown as unknown', () => {
  const replay = {
    ...{ policy: 'auto', days: 90, battles_replayed: 200, battles: 120, effective_battles: 80 },
    win_share: { value: 0.61, low: 0.5, high: 0.72 },
    ...{ cost: null, cost_unknown: 120, currency: 'USD', chosen: [{ model: 'a/b', battles: 200 }] },
  }
  expect(replayLines(replay).slice(0, 4)).toEqual([
    'auto on 200 battles of 90 days: a/b (200)',
    'Wins: 61.0 % (50.0 % to 72.0 %), by 120 battles',
    'Cost of an answer: unknown',
    'Of 120 the cost is unknown.',
  ])
})
