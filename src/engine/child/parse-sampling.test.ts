import { describe, expect, it } from 'vitest'
import { chooseSampling, readSamplingDefaults, toSeed } from './choose-sampling.ts'
import { parseSampling } from './parse-sampling.ts'
import { readStops } from './read-fields.ts'

const context = {
  defaults: readSamplingDefaults(new Map()),
  randomSeed: 9,
  grammarState: undefined,
  tokenBias: undefined,
  generated: () => [1, 2],
}

describe('sampling', () => {
  it('is that of OpenAI where neither request nor file says anything', () => {
    expect(chooseSampling(parseSampling({}), context)).toEqual({
      temperature: 1,
      topP: 1,
      topK: 0,
      minP: 0,
      seed: 9,
      yieldEogToken: true,
    })
  })

  it('follows the file, and the request before the file', () => {
    const defaults = readSamplingDefaults(
      new Map<string, number>([
        ['general.sampling.temp', 0.6],
        ['general.sampling.top_k', 20],
      ]),
    )
    const chosen = chooseSampling(parseSampling({ temperature: 0 }), { ...context, defaults })
    expect(chosen).toMatchObject({ temperature: 0, topK: 20 })
  })

  it('punishes only when asked to', () => {
    const chosen = chooseSampling(parseSampling({ presence_penalty: 0.5 }), context)
    expect(chosen.repeatPenalty).toMatchObject({ presencePenalty: 0.5, penalty: 1 })
    expect(chosen.repeatPenalty?.punishTokens()).toEqual([1, 2])
  })

  it('takes any integer for a seed and never the one that means random', () => {
    expect(toSeed(-1)).toBe(0xffff_fffe)
    expect(toSeed(0xffff_ffff)).toBe(0)
    expect(toSeed(5)).toBe(5)
  })

  it('prefers max_completion_tokens to max_tokens', () => {
    expect(parseSampling({ max_tokens: 5, max_completion_tokens: 7 }).maxTokens).toBe(7)
    expect(parseSampling({}).maxTokens).toBeUndefined()
  })

  it.each([
    [{ n: 2 }, 'n'],
    [{ seed: 1.5 }, 'seed'],
    [{ top_p: 2 }, 'top_p'],
    [{ frequency_penalty: 3 }, 'frequency_penalty'],
    [{ logit_bias: { x: 1 } }, 'logit_bias'],
    [{ logit_bias: { 1: 101 } }, 'logit_bias'],
    [{ stop: [1] }, 'stop'],
  ])('is refused out of its bounds: %j', (body, param) => {
    expect(() => parseSampling(body)).toThrow(expect.objectContaining({ param }))
  })

  it('reads stop strings from one or several', () => {
    expect(readStops({ stop: 'a' })).toEqual(['a'])
    expect(readStops({ stop: ['a', 'b'] })).toEqual(['a', 'b'])
    expect(readStops({ stop: null })).toEqual([])
  })
})
