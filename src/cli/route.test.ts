import { describe, expect, it } from 'vitest'
import { composeSettings, readShare } from './route.ts'

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
