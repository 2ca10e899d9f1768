import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, openGatewayWorld } from '../../tests/support/gateway.ts'
import { eventsOf } from '../../tests/upstream/collect.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { newId } from '../kernel/index.ts'

async function open() {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  return openGatewayWorld({ endpoint: upstream.endpoint() })
}

interface ErrorBody {
  error: { message: string; type: string; code: string | null; param: string | null }
}

/** Every way to fail before the answer has begun, and what the client is told. */
const BEFORE: [mode: string, status: number, code: string | null, shouldRetry: string | null][] = [
  ['refuse-400', 400, null, null],
  ['refuse-401', 502, 'gateway_upstream_refused_us', 'false'],
  ['refuse-403', 502, 'gateway_upstream_refused_us', 'false'],
  ['refuse-404', 404, 'model_not_found', null],
  ['refuse-429', 429, 'rate_limit_exceeded', null],
  ['refuse-quota', 502, 'gateway_upstream_refused_us', 'false'],
  ['refuse-500', 500, null, null],
  ['refuse-503', 503, null, null],
  ['refuse-empty', 502, 'gateway_upstream_failed', null],
  ['html-502', 502, 'gateway_upstream_failed', null],
  ['html-200', 502, 'gateway_upstream_failed', null],
  ['redirect', 502, 'providers_redirected', 'false'],
  ['reset-before', 502, 'providers_connection_lost', null],
  ['bad-http', 502, 'providers_bad_response', 'false'],
  ['error-first', 502, 'overloaded', null],
]

describe.each([false, true])('an upstream that fails before its answer (stream: %s)', (stream) => {
  it.each(BEFORE)('%s is shown as %i', async (mode, status, code, shouldRetry) => {
    const world = await open()
    const answer = await world.post('/chat/completions', chatBody(mode, { stream }))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(answer.headers.get('x-should-retry')).toBe(shouldRetry)
    const body = (await answer.json()) as ErrorBody
    expect(body.error.code ?? null).toBe(code)
    expect(body.error.message).not.toMatch(/127\.0\.0\.1|API key\b|nginx|<html>/)
    const [usage, more] = await world.settled(1)
    expect(more).toBeUndefined()
    expect(usage).toMatchObject({
      id: answer.headers.get('x-request-id'),
      outcome: 'upstream_error',
      tokens: { input: 0, output: 0 },
    })
    expect(world.refusals).toEqual([])
  })
})

describe('an upstream that fails before its answer', () => {
  it('has its waiting times passed on', async () => {
    const world = await open()
    const seconds = await world.post('/chat/completions', chatBody('refuse-429-after'))
    expect(seconds.headers.get('retry-after')).toBe('7')
    expect(seconds.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    const ms = await world.post('/chat/completions', chatBody('refuse-429-after-ms'))
    expect(ms.headers.get('retry-after-ms')).toBe('1500')
  })

  it('is logged with what lies beneath: the code and the words of the system', async () => {
    const upstream = await openScriptedUpstream()
    const world = await openGatewayWorld({ endpoint: upstream.endpoint() })
    await upstream.close()
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(await answer.text()).not.toContain('ECONNREFUSED')
    const beneath = { cause_code: 'ECONNREFUSED', cause: expect.stringContaining('ECONNREFUSED') }
    expect(world.logged).toMatchObject([{ message: 'upstream failed', fields: beneath }])
  })

  it.each(['encoding-unknown', 'encoding-broken'])(
    'sends what cannot be decoded (%s): 502, and the provider is to blame',
    async (mode) => {
      const world = await open()
      const answer = await world.post('/chat/completions', chatBody(mode))
      expect(answer.status).toBe(502)
      expect((await answer.json()) as ErrorBody).toMatchObject({
        error: { code: 'gateway_upstream_failed' },
      })
      expect((await world.settled(1))[0]).toMatchObject({ outcome: 'upstream_error' })
    },
  )

  it('is not asked twice', async () => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const world = await openGatewayWorld({ endpoint: upstream.endpoint() })
    for (const mode of ['reset-before', 'refuse-500', 'refuse-429']) {
      await world.post('/chat/completions', chatBody(mode))
    }
    expect(upstream.calls()).toHaveLength(3)
  })

  it('is not there at all: 502, and the address stays secret', async () => {
    const world = await openGatewayWorld({
      endpoint: {
        providerId: newId<'provider'>(),
        dialect: 'openai',
        baseUrl: 'http://127.0.0.1:9/v1',
        socketPath: null,
        authHeader: null,
        quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
      },
    })
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(answer.status).toBe(502)
    const text = await answer.text()
    expect(JSON.parse(text).error).toMatchObject({
      code: 'providers_unreachable',
      type: 'server_error',
    })
    expect(text).not.toContain('127.0.0.1')
    expect((await world.settled(1))[0]).toMatchObject({
      outcome: 'upstream_error',
      upstreamStatus: null,
      firstByteMs: null,
    })
  })

  it.each(['reset-mid-answer', 'close-mid-answer', 'short-body'])(
    'in the middle of a whole answer (%s): 502, and none of it is shown',
    async (mode) => {
      const world = await open()
      const answer = await world.post('/chat/completions', chatBody(mode))
      expect(answer.status).toBe(502)
      expect((await answer.json()) as ErrorBody).toMatchObject({
        error: { type: 'server_error', code: expect.stringMatching(/^providers_/) },
      })
      const [usage] = await world.settled(1)
      expect(usage).toMatchObject({ outcome: 'upstream_error', source: 'estimated' })
      expect(usage?.tokens.output).toBeGreaterThanOrEqual(10) // 40 bytes of it had come
    },
  )

  it.each(['reset-after-headers', 'empty-stream'])(
    'after the head of its stream (%s): still a status',
    async (mode) => {
      const world = await open()
      const answer = await world.post('/chat/completions', chatBody(mode, { stream: true }))
      expect(answer.status).toBe(502)
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      expect(((await answer.json()) as ErrorBody).error.type).toBe('server_error')
    },
  )
})

describe('an upstream that dies in the middle of its stream', () => {
  it.each([
    ['reset-mid-answer', 'providers_connection_lost'],
    ['close-mid-answer', 'providers_connection_lost'],
    ['eof-mid-answer', 'gateway_upstream_ended_early'],
    ['error-mid-answer', null],
  ])('%s ends in an error event and no [DONE]', async (mode, code) => {
    const world = await open()
    const body = chatBody(mode, { stream: true })
    const answer = await world.post('/chat/completions', body)
    expect(answer.status).toBe(200)
    const { chunks, isDone } = eventsOf(Buffer.from(await answer.text()))
    expect(isDone).toBe(false)
    expect(chunks).toHaveLength(5) // role, three pieces, the error
    expect(chunks[0]).toMatchObject({ choices: [{ delta: { role: 'assistant' } }] })
    expect(chunks.at(-1)).toMatchObject({
      error: { message: expect.any(String), type: 'server_error', code },
    })
    const [usage, more] = await world.settled(1)
    expect(more).toBeUndefined()
    expect(usage).toMatchObject({
      outcome: 'upstream_error',
      source: 'estimated',
      // The three pieces: `Hello from the` is 14 bytes, 4 tokens.
      tokens: { input: Math.ceil(body.length / 4), output: 4 },
      upstreamStatus: 200,
      upstreamId: expect.stringMatching(/^chatcmpl-/),
    })
    expect(world.logged).toHaveLength(1)
    expect(JSON.stringify(world.logged)).not.toMatch(/say hello|Hello/)
  })

  it('after all but [DONE]: what arrived stands, and the usage that it told', async () => {
    const world = await open()
    const answer = await world.post(
      '/chat/completions',
      chatBody('reset-before-done', { stream: true }),
    )
    const { chunks, isDone } = eventsOf(Buffer.from(await answer.text()))
    expect(isDone).toBe(false)
    expect(chunks.at(-1)).toHaveProperty('error')
    expect((await world.settled(1))[0]).toMatchObject({
      outcome: 'upstream_error',
      source: 'reported',
      tokens: { output: 8 },
    })
  })

  it('one that stays open after [DONE] is left, and the client waits for nothing', async () => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const world = await openGatewayWorld({ endpoint: upstream.endpoint() })
    const startedMs = performance.now()
    const answer = await world.post(
      '/chat/completions',
      chatBody('stall-after-done', { stream: true }),
    )
    expect(await answer.text()).toMatch(/data: \[DONE\]\n\n$/)
    expect(performance.now() - startedMs).toBeLessThan(950)
    expect((await world.settled(1))[0]).toMatchObject({ outcome: 'answered', source: 'reported' })
    await upstream.waitFor(({ hits }) => hits[0]?.isAborted === true)
  })
})

describe('requests that no provider sees', () => {
  const cases: [string, string, number, string, string | null][] = [
    ['no JSON', '{"model":', 400, 'gateway_body_invalid', null],
    [
      'an empty list of messages',
      '{"model":"m","messages":[]}',
      400,
      'gateway_body_invalid',
      'messages',
    ],
    [
      'a model twice',
      '{"model":"a","model":"b","messages":[1]}',
      400,
      'gateway_body_invalid',
      'model',
    ],
    ['an unknown model', chatBody('unknown'), 404, 'model_not_found', 'model'],
    ['a model that is off', chatBody('off'), 404, 'model_not_found', 'model'],
    ['an ambiguous name', chatBody('ambiguous'), 400, 'gateway_model_ambiguous', 'model'],
  ]

  async function openRefusing() {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const world = await openGatewayWorld({
      endpoint: upstream.endpoint(),
      resolve: (name) => {
        if (name === 'unknown') return { kind: 'unknown', nearest: ['acme/a', 'acme/b'] }
        if (name === 'off') return { kind: 'no-live-listing', modelName: 'acme/off' }
        if (name === 'ambiguous') return { kind: 'ambiguous', candidates: ['a/m', 'b/m'] }
        return null
      },
    })
    return { world, upstream }
  }

  it.each(cases)('%s', async (_name, body, status, code, param) => {
    const { world, upstream } = await openRefusing()
    const answer = await world.post('/chat/completions', body)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(((await answer.json()) as ErrorBody).error).toMatchObject({
      type: 'invalid_request_error',
      code,
      param,
    })
    expect(upstream.hits).toEqual([])
    expect(world.usages).toEqual([])
    expect(world.refusals).toHaveLength(1)
    expect(world.logged).toEqual([])
  })

  it.each([
    ['another media type', { 'content-type': 'text/plain' }, Buffer.from('{}'), 415],
    ['a foreign encoding', { 'content-encoding': 'compress' }, Buffer.from('{}'), 415],
    ['broken compression', { 'content-encoding': 'gzip' }, Buffer.from('{}'), 400],
    ['40 MB', {}, Buffer.alloc(40_000_000, 0x20), 413],
    ['4 MB of another type', { 'content-type': 'text/plain' }, Buffer.alloc(4_000_000), 415],
  ])('%s, answered although the upload runs', async (_name, more, body, status) => {
    const { world } = await openRefusing()
    const headers = { 'content-type': 'application/json', ...more }
    for (let round = 0; round < 3; round += 1) {
      const answer = await world.post('/chat/completions', body, { headers })
      expect(answer.status).toBe(status)
      expect(((await answer.json()) as ErrorBody).error.type).toBe('invalid_request_error')
    }
  })

  it('a bug in the callback of a decoder costs one request, and is recorded', async () => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const control = { pause() {}, resume() {}, abort() {} }
    const headers = {
      'content-encoding': 'gzip',
      get 'retry-after'(): string {
        throw new TypeError('a bug')
      },
    }
    const world = await openGatewayWorld({
      endpoint: upstream.endpoint(),
      dispatch: (_endpoint, _request, handler) => {
        setImmediate(() => {
          handler.onResponseStart(control, 429, headers, '')
          handler.onResponseData(control, gzipSync('busy'))
          handler.onResponseEnd(control)
        })
        return () => undefined
      },
    })
    await expect(world.post('/chat/completions', chatBody('normal'))).rejects.toThrow()
    expect(await world.settled(1)).toMatchObject([{ outcome: 'upstream_error' }])
    expect(world.logged).toMatchObject([{ message: 'request failed by a bug' }])
  })

  it('a bug on the way is told as ours, logged once, and holds nothing', async () => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const world = await openGatewayWorld({
      endpoint: upstream.endpoint(),
      dispatch: () => {
        throw new TypeError('secret detail')
      },
    })
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
    expect(world.gateway.runningCount).toBe(0)
    expect(world.refusals).toEqual(['internal'])
    expect(world.logged).toHaveLength(1)
  })
})
