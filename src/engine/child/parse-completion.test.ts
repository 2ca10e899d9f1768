import { describe, expect, it } from 'vitest'
import { parseCompletion, parseEmbedding } from './parse-completion.ts'

describe('a completion request', () => {
  it.each([
    ['a', ['a']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[1, 2], [[1, 2]]],
    [
      [[1], [2, 3]],
      [[1], [2, 3]],
    ],
  ])('takes the prompt %j', (prompt, prompts) => {
    expect(parseCompletion({ model: 'm', prompt }).prompts).toEqual(prompts)
  })

  it.each([
    [{}, 'prompt'],
    [{ prompt: [] }, 'prompt'],
    [{ prompt: [1.5] }, 'prompt'],
    [{ prompt: [[-1]] }, 'prompt'],
    [{ prompt: Array.from({ length: 17 }, () => 'a') }, 'prompt'],
    [{ prompt: 'a', suffix: 'b' }, 'suffix'],
    [{ prompt: 'a', best_of: 2 }, 'best_of'],
    [{ prompt: 'a', echo: true, logprobs: 1 }, 'echo'],
    [{ prompt: 'a', logprobs: 6 }, 'logprobs'],
  ])('is refused with the parameter: %j', (body, param) => {
    expect(() => parseCompletion({ model: 'm', ...body })).toThrow(
      expect.objectContaining({ param }),
    )
  })
})

describe('an embedding request', () => {
  it('asks for floats unless it says base64', () => {
    expect(parseEmbedding({ model: 'm', input: 'a' })).toMatchObject({
      inputs: ['a'],
      format: 'float',
    })
    expect(parseEmbedding({ model: 'm', input: 'a', encoding_format: 'base64' }).format).toBe(
      'base64',
    )
  })
})
