import { describe, expect, it } from 'vitest'
import { type Asked, countTextBytes, countUsage } from './count-usage.ts'

const asked: Asked = { operation: 'chat', requestTextBytes: 400, contextTokens: null }
const none = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 }

describe('countUsage', () => {
  it('takes what the provider told', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2 }
    expect(countUsage(asked, { usage, upstreamId: 'a', answerTextBytes: 80 })).toEqual({
      tokens: { ...none, input: 3, output: 2 },
      source: 'reported',
      upstreamId: 'a',
    })
  })

  it.each([
    ['the input', { completion_tokens: 2 }, { input: 100, output: 2 }],
    ['the output', { prompt_tokens: 3 }, { input: 3, output: 20 }],
    ['both', {}, { input: 100, output: 20 }],
  ])('estimates %s where the provider left it out', (_name, usage, tokens) => {
    const counted = countUsage(asked, { usage, answerTextBytes: 80 })
    expect(counted).toMatchObject({ tokens: { ...none, ...tokens }, source: 'estimated' })
  })

  it('takes embeddings without output as told in full', () => {
    const delivered = { usage: { prompt_tokens: 3 }, answerTextBytes: 80 }
    expect(countUsage({ ...asked, operation: 'embeddings' }, delivered)).toMatchObject({
      tokens: { ...none, input: 3 },
      source: 'reported',
    })
  })

  it('estimates no output of embeddings', () => {
    const counted = countUsage({ ...asked, operation: 'embeddings' }, { answerTextBytes: 80 })
    expect(counted.tokens).toEqual({ ...none, input: 100 })
  })

  it('estimates no more input than the listing can read', () => {
    expect(countUsage({ ...asked, contextTokens: 64 }, {}).tokens.input).toBe(64)
    expect(countUsage({ ...asked, contextTokens: 101 }, {}).tokens.input).toBe(100)
  })
})

describe('countTextBytes', () => {
  const image = `data:image/png;base64,${'iVBORw0KGgo='.repeat(5_000)}`

  it('leaves base64 URLs out, each of them, also within escaped text', () => {
    const withUrls = (url: string) =>
      Buffer.from(
        JSON.stringify([{ url }, { text: 'what is this?' }, { url }, JSON.stringify({ url })]),
      )
    // The escaped quote's backslash goes with the bytes before it.
    expect(countTextBytes(withUrls(image))).toBe(withUrls('').length - 1)
  })

  it('counts all else, also text that begins like one', () => {
    for (const text of ['data: 7 apples', 'data:text/plain,hello', 'say "data:x;base64"']) {
      const body = Buffer.from(JSON.stringify({ text }))
      expect(countTextBytes(body)).toBe(body.length)
    }
  })
})
