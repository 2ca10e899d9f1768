import { describe, expect, it } from 'vitest'
import { ordinaryProvider, rowsOf } from '../../tests/support/catalog-rows.ts'
import type { ModelId, ProviderId } from '../kernel/index.ts'
import { bareOffer, findOffered, planImport } from './plan-import.ts'
import type { KnownFact, OfferedModel } from './types.ts'

function offer(id: string, fields: Partial<OfferedModel> = {}): OfferedModel {
  return { ...bareOffer(id), ...fields }
}

function contextOf(switchOn: readonly string[] = []) {
  let count = 0
  return {
    provider: ordinaryProvider('box' as ProviderId),
    publisher: null,
    isOnThisMachine: false,
    switchOn: new Set(switchOn),
    nowMs: 1_000,
    newId: () => `id-${count++}`,
  }
}

describe('an import', () => {
  it('offers what is new, off unless it was named', () => {
    const plan = planImport(rowsOf({ models: {} }), [offer('a/b'), offer('c')], contextOf(['c']))
    expect(plan.listings).toMatchObject([
      { upstreamModel: 'a/b', isOn: false, switchedAtMs: null },
      { upstreamModel: 'c', isOn: true, switchedAtMs: 1_000 },
    ])
    expect(plan.models).toMatchObject([
      { publisher: 'a', name: 'b', league: 'models' },
      { publisher: 'box', name: 'c' },
    ])
    expect(plan.variants).toMatchObject([{ upstreamModel: 'a/b', firstSeenAtMs: 1_000 }, {}])
  })

  it('never makes two listings one model, not even under one name', () => {
    const rows = rowsOf({ models: { 'a/b': { listings: [{ provider: 'other' }] } } })
    const { models } = planImport(rows, [offer('A/B')], contextOf())
    expect(models).toMatchObject([{ publisher: 'A', name: 'B@box' }])
  })

  it('leaves a name to the owner’s alias that has it', () => {
    const target = { kind: 'model', id: 'm:c/d' as ModelId } as const
    const rows = rowsOf({
      models: { 'c/d': {} },
      rest: { aliases: [{ alias: 'A/b', target, createdAtMs: 0 }] },
    })
    const { models } = planImport(rows, [offer('a/b')], contextOf())
    expect(models).toMatchObject([{ publisher: 'a', name: 'b@box' }])
  })

  it('takes another Baimo’s house models for practice', () => {
    const rows = rowsOf({ models: {} })
    const { models } = planImport(rows, [offer('baimo/abacus-large'), offer('a/b')], contextOf())
    expect(models.map((model) => model.league)).toEqual(['practice', 'models'])
  })

  it('tells vanished, returned and switched on apart', () => {
    const rows = rowsOf({
      models: {
        'a/stays': { listings: [{ upstreamModel: 'stays' }] },
        'a/goes': { listings: [{ upstreamModel: 'goes' }] },
        'a/back': { listings: [{ upstreamModel: 'back', isOn: false, vanishedAtMs: 5 }] },
        'a/named': { listings: [{ upstreamModel: 'named', isOn: false }] },
        'a/foreign': { listings: [{ upstreamModel: 'foreign', provider: 'other' }] },
      },
    })
    const offers = ['stays', 'back', 'named'].map((id) => offer(id))
    const plan = planImport(rows, offers, contextOf(['named']))
    expect(plan).toMatchObject({
      models: [],
      vanished: ['l:a/goes:0'],
      returned: ['l:a/back:0'],
      switchedOn: ['l:a/named:0'],
    })
  })

  it('keeps what the upstream says with its source, and never over what the operator said', () => {
    const rows = rowsOf({ models: { 'a/b': { listings: [{ upstreamModel: 'b' }] } } })
    const stated: KnownFact = {
      subjectKind: 'listing',
      subjectId: 'l:a/b:0' as never,
      name: 'context_tokens',
      value: 1_000,
      source: 'measured',
      checkedAtMs: 0,
    }
    const offers = [offer('b', { contextTokens: 8_192 })]
    expect(planImport(rows, offers, contextOf()).facts).toMatchObject([
      { subjectId: 'l:a/b:0', value: 8_192, source: 'told by box' },
    ])
    expect(planImport({ ...rows, facts: [stated] }, offers, contextOf()).facts).toEqual([])
  })

  it('guesses no fact: what the upstream does not say stays unknown', () => {
    const plan = planImport(rowsOf({ models: {} }), [offer('a/b')], contextOf())
    expect(plan.facts).toEqual([])
    expect(plan.models[0]?.capabilities).toBeNull()
    const here = { ...contextOf(), isOnThisMachine: true }
    expect(planImport(rowsOf({ models: {} }), [offer('a/b')], here).facts).toMatchObject([
      { name: 'place', value: 'this-machine', source: 'its address' },
    ])
  })
})

describe('names to switch on', () => {
  const offers = ['llama3.2:latest', 'models/gemini-2', 'Qwen/Qwen3'].map((id) => offer(id))
  it('are found as people write them', () => {
    expect([...findOffered(['llama3.2', 'gemini-2', 'qwen/qwen3'], offers)]).toEqual([
      'llama3.2:latest',
      'models/gemini-2',
      'Qwen/Qwen3',
    ])
  })

  it('are refused with the nearest when the upstream has none', () => {
    expect(() => findOffered(['lama3.2:latest'], offers)).toThrow(
      expect.objectContaining({
        code: 'catalog_model_not_offered',
        details: { nearest: ['llama3.2:latest'] },
      }),
    )
  })
})
