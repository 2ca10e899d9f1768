import { expect, it } from 'vitest'
import type { Operation } from '../metering/index.ts'
import { countTextBytes } from './count-usage.ts'
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

it.each([
  [1e308, 1],
  [1e16, 1],
  [1_000, 1e15],
  [5, 1e308],
  [0, Number.POSITIVE_INFINITY],
  [Number.POSITIVE_INFINITY, 1],
])('estimateTokens stays a whole number that can be counted: %d for each of %d', (max, count) => {
  const body = Buffer.alloc(10)
  const asked = { body, textBytes: body.length, maxTokens: max, answerCount: count }
  expect(estimateTokens(asked, 'chat', null)).toBe(1_000_000_000_000)
})

function messageOf(...parts: object[]): Buffer {
  return Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: parts }] }))
}

function inputOf(body: Buffer): number {
  return estimateTokens(
    { body, textBytes: countTextBytes(body), maxTokens: 0, answerCount: 1 },
    'chat',
    null,
  )
}

it('estimateTokens takes a fixed sum for an image, by address or by its bytes, however many', () => {
  const text = { type: 'text', text: 'what is this?' }
  const photo = `data:image/jpeg;base64,${'/9j/4AAQ'.repeat(650_000)}`
  const imageOf = (url: string) => ({ type: 'image_url', image_url: { url } })
  const asText = (body: Buffer) => Math.ceil(body.length / 3)
  const empty = asText(messageOf(text, imageOf('')))
  const five = inputOf(messageOf(text, imageOf(photo)))
  expect(five - 1_500).toBeGreaterThanOrEqual(empty - 1)
  expect(five - 1_500).toBeLessThanOrEqual(empty)
  const remote = messageOf(text, imageOf('https://example.com/a.png'))
  expect(inputOf(remote)).toBe(asText(remote) + 1_500)
  const both = inputOf(messageOf(imageOf(photo), imageOf(photo), imageOf('https://example.com/a')))
  expect(Math.floor(both / 1_500)).toBe(3)
  const file = { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0x' } }
  expect(Math.floor(inputOf(messageOf(file)) / 1_500)).toBe(1)
  expect(inputOf(messageOf(text))).toBe(asText(messageOf(text)))
})
