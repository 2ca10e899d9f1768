import { describe, expect, it } from 'vitest'
import {
  fileNamePart,
  freeName,
  fullName,
  namePart,
  nameUpstreamModel,
} from './name-upstream-model.ts'

describe('the name of an upstream’s model', () => {
  const box = { name: 'box', publisher: null }
  it.each([
    ['mistralai/Mistral-7B', box, 'mistralai/Mistral-7B'],
    ['llama3.2:latest', box, 'box/llama3.2:latest'],
    ['gpt-4o', { name: 'openai', publisher: 'openai' }, 'openai/gpt-4o'],
    ['models/gemini-2.5-pro', { name: 'gemini', publisher: 'google' }, 'google/gemini-2.5-pro'],
    ['hf.co/bartowski/Llama-3.2-GGUF:Q4_K_M', box, 'bartowski/Llama-3.2-GGUF:Q4_K_M'],
    ['accounts/fireworks/models/qwen3', box, 'box/qwen3'],
    ['/srv/models/llama', box, 'box/llama'],
    ['/llama', box, 'box/llama'],
    ['two words', box, 'box/two-words'],
    ['通义/千问-8B', box, '通义/千问-8B'],
    ['///', box, 'box/model'],
    ['a/b?c=d', box, 'a/b-c-d'],
  ])('%s', (id, provider, expected) => {
    expect(fullName(nameUpstreamModel(id, provider))).toBe(expected)
  })
})

it('makes a part of a name that stays as it is when made again', () => {
  for (const text of ['a b', '--x--', '\u0000', 'é', '@@', 'x'.repeat(500), 'a/b', ' q ']) {
    const part = namePart(text)
    expect(part).not.toContain('/')
    expect(part.length).toBeGreaterThan(0)
    expect(part.length).toBeLessThanOrEqual(128)
    expect(namePart(part)).toBe(part)
  }
})

it('names a file by its own name, in lower case', () => {
  expect(fileNamePart('/srv/My Model.Q4_K_M.gguf')).toBe('my-model.q4_k_m')
  expect(fileNamePart('C:\\models\\A.GGUF')).toBe('a')
})

it('finds a free name behind @', () => {
  const taken = new Set(['a/b', 'a/b@box'])
  const name = freeName({ publisher: 'a', name: 'B' }, 'box', (key) => taken.has(key))
  expect(fullName(name)).toBe('a/B@box-2')
  expect(freeName({ publisher: 'a', name: 'c' }, 'box', (key) => taken.has(key)).name).toBe('c')
})
