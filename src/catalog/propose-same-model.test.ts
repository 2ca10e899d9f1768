import { describe, expect, it } from 'vitest'
import type { ModelId } from '../kernel/index.ts'
import { proposeSameModel, sameModelKey } from './propose-same-model.ts'
import type { Model, Proposal } from './types.ts'

describe('what two names of one model share', () => {
  it.each([
    ['Llama-3.2-3B-Instruct', 'llama3.2:3b'],
    ['llama3.2:3b-instruct-q4_K_M', 'llama3.2:3b'],
    ['Qwen3-8B-GGUF', 'qwen3:8b'],
    ['Qwen3-8B-AWQ', 'qwen3-8b-fp8'],
    ['gpt-4o', 'gpt-4o:free'],
    ['gpt-4o', 'GPT-4o@openrouter'],
    ['my-model', 'my_model.q8_0'],
    ['nomic-embed-text:latest', 'nomic-embed-text'],
  ])('%s and %s: the same', (one, other) => {
    expect(sameModelKey(one)).toBe(sameModelKey(other))
  })

  it.each([
    ['gpt-4o', 'gpt-4o-mini'],
    ['gpt-4o', 'gpt-4o-2024-08-06'],
    ['llama3.2:3b', 'llama3.2:1b'],
    ['llama3.2:3b', 'llama3.1:3b'],
    ['Llama-3.2-3B-base', 'Llama-3.2-3B-Instruct'],
    ['abacus-small', 'abacus-large'],
    ['qwen3', 'qwen3-coder'],
  ])('%s and %s: not', (one, other) => {
    expect(sameModelKey(one)).not.toBe(sameModelKey(other))
  })

  it('is never empty', () => {
    for (const name of ['instruct', 'q4', '@x', 'gguf-q4_0', '7b']) {
      expect(typeof sameModelKey(name)).toBe('string')
    }
    expect(sameModelKey('instruct')).toBe('instruct')
  })
})

describe('proposals', () => {
  const model = (id: string, name: string, fields: Partial<Model> = {}): Model => ({
    id: id as ModelId,
    publisher: 'p',
    name,
    family: null,
    succeedsId: null,
    derivedFromId: null,
    capabilities: null,
    league: 'models',
    mergedIntoId: null,
    createdAtMs: 0,
    ...fields,
  })

  it('keep the oldest and name each pair once', () => {
    const models = [
      model('c', 'qwen3:8b', { createdAtMs: 3 }),
      model('a', 'Qwen3-8B', { createdAtMs: 1 }),
      model('b', 'qwen3-8b-awq', { createdAtMs: 2 }),
      model('d', 'other'),
    ]
    const pairs = proposeSameModel(models, []).map((each) => [each.keptModelId, each.otherModelId])
    expect(pairs).toEqual([
      ['a', 'b'],
      ['a', 'c'],
    ])
    const known = pairs.map(([kept, other]) => ({ keptModelId: other, otherModelId: kept }))
    expect(proposeSameModel(models, known as unknown as Proposal[])).toEqual([])
  })

  it('leave out what was merged', () => {
    const merged = model('b', 'qwen3:8b', { mergedIntoId: 'a' as ModelId })
    expect(proposeSameModel([model('a', 'Qwen3-8B'), merged], [])).toEqual([])
  })
})
