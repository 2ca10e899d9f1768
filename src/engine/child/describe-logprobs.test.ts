import { describe, expect, it } from 'vitest'
import { undoTemperature } from './describe-logprobs.ts'
import { readTokenBytes } from './token-bytes.ts'

describe('log probabilities', () => {
  it('are those before temperature', () => {
    const logits = [2, 1, -1]
    const softmax = (t: number) => {
      const e = logits.map((l) => Math.exp(l / t))
      const sum = e.reduce((a, b) => a + b)
      return new Map(e.map((x, i) => [i, x / sum]))
    }
    const raw = [...softmax(1).values()].map(Math.log)
    for (const t of [0.3, 1, 1.7])
      for (const [i, logprob] of undoTemperature(softmax(t), t))
        expect(logprob).toBeCloseTo(raw[i] ?? Number.NaN, 9)
  })

  it('are the least number, not minus infinity, for what cannot come', () => {
    expect(
      undoTemperature(
        new Map([
          [1, 1],
          [2, 0],
        ]),
        1,
      ).get(2),
    ).toBe(-9999)
  })
})

describe('bytes of a token', () => {
  it('are read out of a byte-level vocabulary, also half a character', () => {
    const bytes = readTokenBytes('gpt2', ['Ġhi', 'å¥½', 'å'])
    expect(Buffer.from(bytes(0) ?? []).toString()).toBe(' hi')
    expect(Buffer.from(bytes(1) ?? []).toString()).toBe('好')
    expect([...(bytes(2) ?? [])]).toEqual([0xe5])
  })

  it('are read out of a sentencepiece vocabulary', () => {
    const bytes = readTokenBytes('llama', ['▁hi', '<0xE5>'])
    expect(Buffer.from(bytes(0) ?? []).toString()).toBe(' hi')
    expect([...(bytes(1) ?? [])]).toEqual([0xe5])
  })

  it('are unknown for other vocabularies and tokens out of range', () => {
    expect(readTokenBytes('rwkv', ['x'])(0)).toBeNull()
    expect(readTokenBytes('gpt2', ['x'])(1)).toBeNull()
  })
})
