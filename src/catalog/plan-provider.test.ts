import { describe, expect, it } from 'vitest'
import { presetOf } from '../../tests/support/catalog.ts'
import { ordinaryProvider, rowsOf } from '../../tests/support/catalog-rows.ts'
import type { ProviderId } from '../kernel/index.ts'
import { matchProvider, readKey } from './plan-provider.ts'
import type { Provider } from './types.ts'

const made = { id: 'new' as ProviderId, nowMs: 5 }

function match(
  providers: readonly Partial<Provider>[],
  wish: Partial<Parameters<typeof matchProvider>[1]>,
) {
  const rows = rowsOf({
    models: {},
    rest: {
      providers: providers.map((each, i) => ({
        ...ordinaryProvider(`p${i}` as ProviderId),
        ...each,
      })),
    },
  })
  return matchProvider(rows, { kind: 'vllm', baseUrl: 'http://a/v1', name: null, ...wish }, made)
}

describe('a provider to add', () => {
  it('is new, named for its kind, or for its host where the kind says nothing', () => {
    expect(match([], {})).toMatchObject({ isNew: true, provider: { id: 'new', name: 'vllm' } })
    expect(match([], { kind: 'generic', baseUrl: 'http://10.0.0.5:8000/v1' })).toMatchObject({
      provider: { name: '10.0.0.5:8000' },
    })
    const another = [{ name: 'VLLM', baseUrl: 'http://b/v1' }]
    expect(match(another, {})).toMatchObject({ isNew: true, provider: { name: 'vllm-2' } })
  })

  it('is the one at the same address, also one that was removed', () => {
    const there = [{ name: 'mine', baseUrl: 'http://a/v1', sealedKey: 's' }]
    expect(match(there, {})).toMatchObject({ isNew: false, provider: { id: 'p0', name: 'mine' } })
    const removed = [{ name: 'mine', baseUrl: 'http://a/v1', removedAtMs: 3 }]
    expect(match(removed, {})).toMatchObject({ isNew: false, provider: { removedAtMs: null } })
  })

  it('is a second one at that address under another name', () => {
    const there = [{ name: 'mine', baseUrl: 'http://a/v1' }]
    expect(match(there, { name: 'yours' })).toMatchObject({ isNew: true })
    expect(match(there, { name: 'MINE' })).toMatchObject({ isNew: false })
  })

  it('may not take another’s name', () => {
    expect(() => match([{ name: 'mine', baseUrl: 'http://b/v1' }], { name: 'Mine' })).toThrow(
      expect.objectContaining({ code: 'catalog_name_taken' }),
    )
  })
})

describe('a key', () => {
  it('is needed by services and not by servers of one’s own', () => {
    expect(readKey(null, presetOf('vllm'))).toBeNull()
    expect(() => readKey(null, presetOf('openai'))).toThrow(
      expect.objectContaining({ code: 'catalog_key_missing' }),
    )
  })

  it('is trimmed, and refused when it is empty or no key', () => {
    expect(readKey(' sk-1\n', presetOf('openai'))).toBe('sk-1')
    for (const key of ['', ' ', 'a b', 'a\nb', 'schlüssel', 'x'.repeat(5_000)]) {
      expect(() => readKey(key, presetOf('openai'))).toThrow(
        expect.objectContaining({ code: 'catalog_key_invalid' }),
      )
    }
  })
})
