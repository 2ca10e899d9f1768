import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import type { Json } from '../kernel/index.ts'
import { estimateUsage, readUsage } from './read-usage.ts'

const none = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 }

describe('readUsage', () => {
  it.each<[string, Json, Partial<typeof none>]>([
    [
      'plain counts',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      { input: 10, output: 5 },
    ],
    ['embeddings', { prompt_tokens: 8, total_tokens: 8 }, { input: 8 }],
    [
      'OpenAI, whose wholes include their parts',
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 60, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 20, accepted_prediction_tokens: 0 },
      },
      { input: 40, cachedInput: 60, output: 30, reasoning: 20 },
    ],
    [
      'DeepSeek, with cache hits at the top',
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
      },
      { input: 36, cachedInput: 64, output: 5 },
    ],
    [
      'Moonshot, with cached tokens at the top',
      { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105, cached_tokens: 64 },
      { input: 36, cachedInput: 64, output: 5 },
    ],
    [
      'OpenRouter, with tokens written to a cache',
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 70 },
      },
      { input: 20, cachedInput: 10, cacheWrite: 70, output: 5 },
    ],
    [
      'xAI, whose completion leaves reasoning out',
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        completion_tokens_details: { reasoning_tokens: 94 },
      },
      { input: 32, output: 9, reasoning: 94 },
    ],
    [
      'Gemini, whose thoughts are in the total alone',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 40 },
      { input: 10, output: 5, reasoning: 25 },
    ],
    ['details that are null', { prompt_tokens: 3, prompt_tokens_details: null }, { input: 3 }],
    [
      'parts larger than their whole',
      {
        prompt_tokens: 5,
        completion_tokens: 2,
        prompt_tokens_details: { cached_tokens: 9 },
        completion_tokens_details: { reasoning_tokens: 7 },
      },
      { cachedInput: 5, reasoning: 2 },
    ],
    [
      'the largest count there is',
      { prompt_tokens: 1e12, completion_tokens: 7 },
      { input: 1e12, output: 7 },
    ],
    ['one count beyond it', { prompt_tokens: 1e12 + 1, completion_tokens: 7 }, { output: 7 }],
    ['one count that is nonsense', { prompt_tokens: -1, completion_tokens: 7 }, { output: 7 }],
    [
      'a total without one of its parts',
      { prompt_tokens: 'many', completion_tokens: 7, total_tokens: 100 },
      { output: 7 },
    ],
  ])('reads %s', (_name, usage, buckets) => {
    expect(readUsage(usage)).toEqual({ ...none, ...buckets })
  })

  it.each<Json>([
    null,
    'x',
    7,
    [],
    {},
    { total_tokens: 5 },
    { prompt_tokens: 'many', completion_tokens: -1 },
    { prompt_tokens: 1.5, completion_tokens: 1e300 },
    { prompt_tokens: 9_007_199_254_740_991, completion_tokens: 1_000_000_000_001 },
  ])('takes %j as no usage', (usage) => {
    expect(readUsage(usage)).toBeNull()
  })

  it('takes a total beyond the largest count as none', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 9_007_199_254_740_000 }
    expect(readUsage(usage)).toEqual({ ...none, input: 1, output: 2 })
  })

  it('keeps the sum of the buckets equal to the total, for any parts', () => {
    const random = seededRandom(3)
    for (let round = 0; round < 2_000; round += 1) {
      const prompt = random.below(1_000)
      const completion = random.below(1_000)
      const isExclusive = random.next() < 0.5
      const reasoning = isExclusive ? random.below(500) : random.below(completion + 1)
      const total = prompt + completion + (isExclusive ? reasoning : 0)
      const buckets = readUsage({
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: total,
        prompt_tokens_details: {
          cached_tokens: random.below(1_500),
          cache_write_tokens: random.below(1_500),
        },
        completion_tokens_details: { reasoning_tokens: reasoning },
      })
      const counts = Object.values(buckets ?? {})
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total)
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(0)
      expect(buckets?.reasoning).toBe(reasoning)
    }
  })
})

describe('estimateUsage', () => {
  it('takes four bytes to a token, rounded up', () => {
    const estimate = estimateUsage({ requestBytes: 41, answerTextBytes: 9, deltaCount: 0 })
    expect(estimate).toEqual({ ...none, input: 11, output: 3 })
  })

  it('takes the deltas where they are more', () => {
    const estimate = estimateUsage({ requestBytes: 0, answerTextBytes: 9, deltaCount: 7 })
    expect(estimate).toEqual({ ...none, output: 7 })
  })
})
