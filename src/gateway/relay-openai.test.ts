import OpenAI from 'openai'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type GatewayWorld, openGatewayWorld } from '../../tests/support/gateway.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'

/** The official client of the dialect, used as its manual says. */

let upstream: ScriptedUpstream
let world: GatewayWorld
let client: OpenAI

beforeEach(async () => {
  const opened = await openScriptedUpstream()
  upstream = opened
  world = await openGatewayWorld({ endpoint: opened.endpoint() })
  client = new OpenAI({ apiKey: 'sk-any', baseURL: world.baseUrl, maxRetries: 0 })
  return () => opened.close()
})

const messages = [{ role: 'user' as const, content: 'say hello' }]
const SENTENCE = 'Hello from the scripted upstream: 你好 🙂'

describe('the official client', () => {
  it('gets a chat answer with its usage', async () => {
    const answer = await client.chat.completions.create({ model: 'normal', messages })
    expect(answer.choices[0]?.message.content).toBe(SENTENCE)
    expect(answer.usage).toMatchObject({ completion_tokens: 8 })
    expect(answer._request_id).toBe((await world.settled(1))[0]?.id)
  })

  it('streams without usage when it asked for none, and is metered all the same', async () => {
    const stream = await client.chat.completions.create({ model: 'normal', messages, stream: true })
    let text = ''
    for await (const chunk of stream) {
      expect('usage' in chunk).toBe(false)
      expect(chunk.choices).toHaveLength(1)
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe(SENTENCE)
    expect(upstream.calls()[0]?.json).toMatchObject({ stream_options: { include_usage: true } })
    expect((await world.settled(1))[0]).toMatchObject({ source: 'reported', tokens: { output: 8 } })
  })

  it('streams with usage when it asked for it', async () => {
    const stream = await client.chat.completions.create({
      model: 'normal',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const usages = []
    for await (const chunk of stream) usages.push(chunk.usage)
    expect(usages.slice(0, -1).every((usage) => usage === null)).toBe(true)
    expect(usages.at(-1)).toMatchObject({ completion_tokens: 8 })
  })

  it('puts tool calls together that arrive in turns', async () => {
    const ask = { model: 'tool-calls', messages, stream: true } as const
    const calls: { name: string; text: string }[] = []
    let finish: string | null = null
    for await (const { choices } of await client.chat.completions.create(ask)) {
      for (const { index, function: part } of choices[0]?.delta.tool_calls ?? []) {
        const call = calls[index] ?? { name: '', text: '' }
        calls[index] = {
          name: call.name + (part?.name ?? ''),
          text: call.text + (part?.arguments ?? ''),
        }
      }
      finish ??= choices[0]?.finish_reason ?? null
    }
    expect(calls).toEqual([
      { name: 'weather', text: '{"city":"Köln"}' },
      { name: 'time', text: '{}' },
    ])
    expect(finish).toBe('tool_calls')
  })

  it('gets completions, whole and streamed', async () => {
    const whole = await client.completions.create({ model: 'normal', prompt: 'say hello' })
    expect(whole.choices[0]?.text).toBe(SENTENCE)
    const stream = await client.completions.create({
      model: 'normal',
      prompt: 'say hello',
      stream: true,
    })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ''
    expect(text).toBe(SENTENCE)
    expect((await world.settled(2)).map((usage) => usage.operation)).toEqual([
      'completions',
      'completions',
    ])
  })

  it('gets the same embeddings as base64, its default, and as numbers', async () => {
    const ask = { model: 'normal', input: ['one', 'two'] }
    const packed = await client.embeddings.create(ask)
    const plain = await client.embeddings.create({ ...ask, encoding_format: 'float' })
    expect(packed.data).toHaveLength(2)
    expect(packed.data[0]?.embedding).toHaveLength(8)
    expect(packed.data.map((one) => [...one.embedding])).toEqual(
      plain.data.map((one) => one.embedding),
    )
    const formats = upstream
      .calls()
      .map(({ json }) => (json as { encoding_format?: string }).encoding_format)
    expect(formats).toEqual(['base64', 'float'])
    expect((await world.settled(2))[0]).toMatchObject({
      operation: 'embeddings',
      tokens: { input: 2, output: 0 },
      source: 'reported',
    })
  })

  it.each([
    ['refuse-400', OpenAI.BadRequestError],
    ['refuse-401', OpenAI.InternalServerError],
    ['refuse-404', OpenAI.NotFoundError],
    ['refuse-429', OpenAI.RateLimitError],
    ['refuse-500', OpenAI.InternalServerError],
    ['html-502', OpenAI.InternalServerError],
    ['reset-before', OpenAI.InternalServerError],
    ['error-first', OpenAI.InternalServerError],
  ])('meets %s as the right class of error', async (model, kind) => {
    const failing = client.chat.completions.create({ model, messages })
    await expect(failing).rejects.toBeInstanceOf(kind)
    const streaming = client.chat.completions.create({ model, messages, stream: true })
    await expect(streaming).rejects.toBeInstanceOf(kind)
  })

  it.each(['reset-mid-answer', 'eof-mid-answer', 'error-mid-answer'])(
    'is told that a stream broke off: %s',
    async (model) => {
      const stream = await client.chat.completions.create({ model, messages, stream: true })
      let text = ''
      const reading = async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      }
      await expect(reading()).rejects.toMatchObject({ type: 'server_error' })
      expect(text).toBe('Hello from the')
    },
  )

  it('does not try again where that is in vain', async () => {
    const patient = new OpenAI({ apiKey: 'sk-any', baseURL: world.baseUrl, maxRetries: 3 })
    for (const model of ['refuse-401', 'refuse-quota']) {
      await expect(patient.chat.completions.create({ model, messages })).rejects.toThrow()
    }
    expect(upstream.calls()).toHaveLength(2)
  })

  it('leaves a stream, and the upstream is left', async () => {
    const stream = await client.chat.completions.create({
      model: 'normal?pieces=1000&gap_ms=5',
      messages,
      stream: true,
    })
    for await (const _chunk of stream) break
    await upstream.waitFor(({ hits }) => hits[0]?.isAborted === true)
    expect((await world.settled(1))[0]).toMatchObject({ outcome: 'aborted' })
  })

  it('gives up before the first byte, by its signal or its time limit', async () => {
    const leaving = new AbortController()
    const waiting = client.chat.completions.create(
      { model: 'stall-before', messages },
      { signal: leaving.signal },
    )
    await upstream.waitFor(({ hits }) => hits.length === 1)
    leaving.abort()
    await expect(waiting).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    const late = client.chat.completions.create(
      { model: 'stall-before', messages },
      { timeout: 60 },
    )
    await expect(late).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    await upstream.waitFor(({ hits }) => hits.every((hit) => hit.isAborted))
    const usages = await world.settled(2)
    expect(usages.map((usage) => usage.outcome)).toEqual(['aborted', 'aborted'])
  })

  it('reads a stream whose provider says usage: null although nobody asked', async () => {
    const other = await openScriptedUpstream()
    onTestFinished(() => other.close())
    const quirks = { acceptsStreamOptions: false, rejectedParameters: [] }
    const plain = await openGatewayWorld({ endpoint: other.endpoint({ quirks }) })
    const asking = new OpenAI({ apiKey: 'sk-any', baseURL: plain.baseUrl, maxRetries: 0 })
    const stream = await asking.chat.completions.create({
      model: 'usage-null',
      messages,
      stream: true,
    })
    for await (const chunk of stream) expect('usage' in chunk).toBe(false)
    expect(other.calls()[0]?.json).not.toHaveProperty('stream_options')
    expect((await plain.settled(1))[0]).toMatchObject({ source: 'estimated' })
  })
})
