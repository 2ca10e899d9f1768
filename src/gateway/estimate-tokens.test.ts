import { expect, it } from 'vitest'
import type { Operation } from '../metering/index.ts'
import { estimateTokens } from './estimate-tokens.ts'
import { readEnvelope } from './read-envelope.ts'

function estimate(operation: Operation, more: object, contextTokens: number | null = null) {
  const input = operation === 'chat' ? 'messages' : operation === 'embeddings' ? 'input' : 'prompt'
  const body = Buffer.from(JSON.stringify({ model: 'm', [input]: ['x'], ...more }))
  const reading = readEnvelope(body, operation)
  if (reading.kind !== 'envelope') throw new Error(`no request: ${reading.message}`)
  const tokens = estimateTokens(reading.envelope, operation, contextTokens)
  return tokens - Math.ceil(body.length / 3)
}

it.each([
  ['what is asked for', 'chat', { max_tokens: 50 }, 50],
  ['by its newer name', 'chat', { max_completion_tokens: 60 }, 60],
  ['for each answer', 'completions', { max_tokens: 50, n: 3 }, 150],
  ['1,024 where nothing is', 'chat', {}, 1_024],
  ['1,024 where it is null', 'chat', { max_tokens: null, n: null }, 1_024],
  ['nothing for embeddings', 'embeddings', { max_tokens: 50 }, 0],
] as const)('estimateTokens adds to the bytes / 3 %s', (_name, operation, more, output) => {
  expect(estimate(operation, more)).toBe(output)
})

it('estimateTokens takes a shorter context for what is not bounded', () => {
  expect(estimate('chat', {}, 512)).toBe(512)
  expect(estimate('chat', {}, 128_000)).toBe(1_024)
})

it('estimateTokens stays a whole number, whatever is asked for', () => {
  const body = Buffer.alloc(10)
  const large = estimateTokens({ body, maxTokens: 1e300, answerCount: 1e300 }, 'chat', null)
  expect(large).toBe(Number.MAX_SAFE_INTEGER)
})
