import { describe, expect, it } from 'vitest'
import { MAX_MODELS, readModelList } from './read-model-list.ts'

const read = (value: unknown) => readModelList(JSON.stringify(value))
const ids = (value: unknown) => read(value)?.map((model) => model.id)

describe('a model list', () => {
  it.each([
    [{ object: 'list', data: [{ id: 'a' }, { id: 'b' }] }, ['a', 'b']],
    [[{ id: 'a' }], ['a']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [{ models: [{ name: 'a' }, { model: 'b' }] }, ['a', 'b']],
    [{ data: [] }, []],
    [{ object: 'list', data: null }, []],
    [{ data: [{ id: 'a' }, { id: 'a' }] }, ['a']],
    [
      {
        data: [
          { id: '' },
          { id: 7 },
          null,
          3,
          {},
          { id: 'x\u0000' },
          { id: '\ud800' },
          { id: 'ok' },
        ],
      },
      ['ok'],
    ],
    [{ data: [{ id: 'x'.repeat(257) }] }, []],
  ])('is read from %j', (value, expected) => {
    expect(ids(value)).toEqual(expected)
  })

  it.each([['<html>'], ['{"error":{}}'], ['null'], ['"a"'], ['7'], ['']])(
    'is not there in %s',
    (text) => {
      expect(readModelList(text)).toBeNull()
    },
  )

  it('ends after 5,000', () => {
    expect(ids(Array.from({ length: 6_000 }, (_, i) => `m${i}`))).toHaveLength(MAX_MODELS)
  })
})

describe('what an entry says beyond its id', () => {
  const one = (entry: object) => read([{ id: 'm', ...entry }])?.[0]

  it('is unknown where it is not said or makes no sense', () => {
    expect(one({ created: 1e13, context_length: -1, max_model_len: 'many', meta: [] })).toEqual({
      id: 'm',
      ownedBy: null,
      createdAtSeconds: null,
      contextTokens: null,
      parametersTotal: null,
      capabilities: null,
      modalities: null,
    })
  })

  it.each([
    [{ max_model_len: 8192 }, 8192], // vLLM
    [{ context_length: 128_000 }, 128_000], // OpenRouter
    [{ max_context_length: 32_768 }, 32_768], // Mistral
    [{ meta: { n_ctx_train: 4096, n_params: 1 } }, 4096], // llama.cpp
  ])('has its context in %j', (entry, tokens) => {
    expect(one(entry)?.contextTokens).toBe(tokens)
  })

  it('has capabilities and modalities as several servers write them', () => {
    const mistral = { capabilities: { completion_chat: true, completion_fim: true, vision: true } }
    expect(one(mistral)).toMatchObject({
      capabilities: ['chat', 'completion'],
      modalities: ['text', 'image'],
    })
    expect(one({ type: 'embeddings' })?.capabilities).toEqual(['embedding'])
    expect(one({ capabilities: ['completion', 'other'] })?.capabilities).toEqual(['completion'])
    const openRouter = { architecture: { input_modalities: ['text', 'file', 'image'] } }
    expect(one(openRouter)?.modalities).toEqual(['text', 'image'])
    expect(one({ meta: { n_params: 3_212_749_888 } })?.parametersTotal).toBe(3_212_749_888)
  })
})
