import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Market, startMarket } from './support/market.ts'

const MODEL = 'baimo/abacus-small'
const question = [{ role: 'user' as const, content: 'What is 17 + 25?' }]

let market: Market
let client: OpenAI

beforeAll(async () => {
  market = await startMarket()
  client = new OpenAI({ baseURL: `${market.url}/v1`, apiKey: market.ownerKey, maxRetries: 0 })
}, 60_000)
afterAll(() => market.stop())

async function usageOf(requestId: string | null | undefined) {
  const answer = await fetch(`${market.url}/api/usage/${requestId}`, {
    headers: { authorization: `Bearer ${market.ownerKey}` },
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as {
    tokens: { input: number; cached_input: number; output: number; total: number }
    outcome: string
    source: string
  }
}

test('a whole answer comes with its usage, which is the one recorded', async () => {
  const { data, response } = await client.chat.completions
    .create({ model: MODEL, messages: question, temperature: 0 })
    .withResponse()
  expect(data.choices[0]?.message.content).toMatch(/^\d+$/)
  expect(data.choices[0]?.finish_reason).toBe('stop')
  const recorded = await usageOf(response.headers.get('x-request-id'))
  expect(recorded).toMatchObject({ outcome: 'answered', source: 'reported' })
  expect(recorded.tokens.total).toBe(data.usage?.total_tokens)
})

test('a stream is the same text in pieces, with usage when it is asked for', async () => {
  const whole = await client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: 'Who are you?' }],
    temperature: 0,
  })
  const stream = await client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: 'Who are you?' }],
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let pieces = 0
  let usage: OpenAI.CompletionUsage | null = null
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content ?? ''
    text += piece
    if (piece !== '') pieces += 1
    usage = chunk.usage ?? usage
  }
  expect(text).toBe(whole.choices[0]?.message.content)
  expect(pieces).toBeGreaterThan(5)
  expect(usage?.completion_tokens).toBe(whole.usage?.completion_tokens)
})

test('a stream whose client did not ask for usage has none, and is counted all the same', async () => {
  const { data: stream, response } = await client.chat.completions
    .create({ model: MODEL, messages: question, stream: true })
    .withResponse()
  for await (const chunk of stream) {
    expect(chunk).not.toHaveProperty('usage')
    expect(chunk.choices).not.toHaveLength(0)
  }
  const recorded = await usageOf(response.headers.get('x-request-id'))
  expect(recorded.source).toBe('reported')
  expect(recorded.tokens.output).toBeGreaterThan(0)
})

test('a forced tool is called with arguments that fit its schema', async () => {
  const answer = await client.chat.completions.create({
    model: MODEL,
    messages: question,
    max_tokens: 60,
    tools: [
      {
        type: 'function',
        function: {
          name: 'add',
          parameters: {
            type: 'object',
            properties: { a: { type: 'integer' }, kind: { enum: ['sum', 'difference'] } },
            required: ['a', 'kind'],
          },
        },
      },
    ],
    tool_choice: { type: 'function', function: { name: 'add' } },
  })
  const call = answer.choices[0]?.message.tool_calls?.[0]
  expect(call?.type === 'function' && call.function.name).toBe('add')
  const given = JSON.parse(call?.type === 'function' ? call.function.arguments : '')
  expect(Number.isInteger(given.a)).toBe(true)
  expect(['sum', 'difference']).toContain(given.kind)
})

test('a JSON schema holds the answer to its shape', async () => {
  const answer = await client.chat.completions.create({
    model: MODEL,
    messages: question,
    max_tokens: 80,
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'verdict',
        schema: {
          type: 'object',
          properties: { winner: { enum: ['a', 'b', 'tie'] } },
          required: ['winner'],
        },
      },
    },
  })
  expect(['a', 'b', 'tie']).toContain(JSON.parse(answer.choices[0]?.message.content ?? '').winner)
})

test('embeddings come by the client’s default encoding, base64, and as numbers alike', async () => {
  const input = ['17 + 25', '你好']
  const coded = await client.embeddings.create({ model: MODEL, input })
  const plain = await client.embeddings.create({ model: MODEL, input, encoding_format: 'float' })
  expect(coded.data).toHaveLength(2)
  const [a, b] = [coded.data[0]?.embedding ?? [], plain.data[0]?.embedding ?? []]
  expect(a.length).toBeGreaterThan(10)
  a.forEach((value, i) => {
    expect(value).toBeCloseTo(b[i] ?? Number.NaN, 5)
  })
})

test('the models list names the house models, and each can be asked for by name', async () => {
  const names: string[] = []
  for await (const model of client.models.list()) names.push(model.id)
  expect(names).toContain(MODEL)
  expect((await client.models.retrieve(MODEL)).id).toBe(MODEL)
  await expect(client.models.retrieve('baimo/abacus-smal')).rejects.toThrow(/abacus-small/)
})

test('an aborted stream is over at once and recorded as aborted', async () => {
  const abort = new AbortController()
  // A shape that takes hundreds of tokens to fill, so that the abort comes in the middle.
  const schema = {
    type: 'object',
    properties: { list: { type: 'array', items: { enum: [1, 2] }, minItems: 200, maxItems: 200 } },
    required: ['list'],
  }
  const { data: stream, response } = await client.chat.completions
    .create(
      {
        model: MODEL,
        messages: question,
        stream: true,
        response_format: { type: 'json_schema', json_schema: { name: 'long', schema } },
      },
      { signal: abort.signal },
    )
    .withResponse()
  const id = response.headers.get('x-request-id')
  for await (const _chunk of stream) {
    abort.abort()
    break
  }
  await expect.poll(async () => (await usageOf(id).catch(() => null))?.outcome).toBe('aborted')
})

test('errors arrive as the client’s own classes', async () => {
  const wrong = new OpenAI({ baseURL: `${market.url}/v1`, apiKey: 'sk-wrong', maxRetries: 0 })
  await expect(wrong.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  const ask = (body: object) => client.chat.completions.create(body as never)
  await expect(ask({ model: 'abacus-smol', messages: question })).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
    message: expect.stringContaining('baimo/abacus-small'),
  })
  await expect(ask({ model: MODEL, messages: [] })).rejects.toMatchObject({
    status: 400,
    param: 'messages',
  })
  const long = [{ role: 'user', content: 'word '.repeat(2_000) }]
  await expect(ask({ model: MODEL, messages: long })).rejects.toMatchObject({
    status: 400,
    code: 'context_length_exceeded',
  })
})
