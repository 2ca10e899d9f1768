import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, liveListing, openGatewayWorld } from '../../tests/support/gateway.ts'
import { eventsOf, streamedText } from '../../tests/upstream/collect.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { DEFAULT_RESILIENCE, type Resilience } from '../catalog/index.ts'

const NOTE = ': keep-alive\n\n'

async function open(resilience: Partial<Resilience>, other?: string) {
  const [first, second] = [await openScriptedUpstream(), await openScriptedUpstream()]
  onTestFinished(async () => {
    await first.close()
    await second.close()
  })
  const all = { ...DEFAULT_RESILIENCE, keepAliveMs: 60, ...resilience }
  const others =
    other === undefined
      ? []
      : [liveListing(second.endpoint(), { upstreamModel: other, resilience: all })]
  const world = await openGatewayWorld({
    endpoint: first.endpoint(),
    listing: { resilience: all },
    others,
  })
  const ask = async (mode: string, more: object = { stream: true }) => {
    const startedMs = performance.now()
    const answer = await world.post('/chat/completions', chatBody(mode, more))
    const headMs = performance.now() - startedMs
    const text = await answer.text()
    return { answer, text, headMs, notes: text.split(NOTE).length - 1 }
  }
  return { first, second, world, others, ask }
}

/** Without the comments an answer must be what it is without keep-alive. */
function withoutNotes(text: string): string {
  return text.replaceAll(NOTE, '').replaceAll(/chatcmpl-[0-9a-f-]+/g, 'chatcmpl-x')
}

describe('a stream whose client has been sent nothing for a while', () => {
  it('gets a comment before the first content, again and again', async () => {
    const { world, ask } = await open({})
    const { answer, text, headMs, notes } = await ask('slow-first-byte?body_ms=900')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(answer.headers.get('x-baimo-route')).toBe('name')
    expect(headMs).toBeGreaterThanOrEqual(55)
    expect(headMs).toBeLessThan(850)
    expect(notes).toBeGreaterThanOrEqual(3)
    expect(notes).toBeLessThanOrEqual(17) // one in 60 ms
    expect(text.startsWith(NOTE)).toBe(true)
    expect(eventsOf(Buffer.from(text)).isDone).toBe(true)
    expect(await world.settled(1)).toMatchObject([{ outcome: 'answered', source: 'reported' }])
  })

  it.each([
    'normal?pieces=3&gap_ms=150',
    'crlf?pieces=3&gap_ms=150',
    'split-bytes?pieces=1&gap_ms=1',
  ])('gets them between events alone (%s)', async (mode) => {
    const { ask } = await open({ keepAliveMs: 40 })
    const { ask: askWithout } = await open({ keepAliveMs: 0 })
    const { text } = await ask(mode)
    const { text: plain, notes } = await askWithout(mode)
    expect(notes).toBe(0)
    expect(withoutNotes(text)).toBe(withoutNotes(plain))
    for (const [at] of text.matchAll(/: keep-alive/g).map(({ index }) => [index])) {
      expect(text.slice(0, at)).toMatch(/(^|\n\r?\n)$/)
    }
  })

  it('gets none while events come', async () => {
    const { ask } = await open({ keepAliveMs: 200 })
    expect((await ask('normal?pieces=30&gap_ms=20')).notes).toBe(0)
  })

  it('gets none where the owner wants none', async () => {
    const { ask } = await open({ keepAliveMs: 0 })
    const { notes, headMs } = await ask('slow-first-byte?body_ms=300')
    expect(notes).toBe(0)
    expect(headMs).toBeGreaterThanOrEqual(290)
  })

  it('is a stream: a whole answer gets none', async () => {
    const { ask } = await open({})
    const { notes, headMs } = await ask('slow-headers', {})
    expect(notes).toBe(0)
    expect(headMs).toBeGreaterThanOrEqual(190)
  })
})

describe('after a comment went out', () => {
  it('another listing may still answer', async () => {
    const { second, ask } = await open({ firstByteTimeoutMs: 300 }, 'acme/normal')
    const { answer, text, notes } = await ask('stall-before')
    expect(notes).toBeGreaterThanOrEqual(2)
    expect(answer.headers.get('x-baimo-route')).toBe('name') // what was known by then
    expect(streamedText(eventsOf(Buffer.from(text)).chunks)).toContain('Hello from')
    expect(eventsOf(Buffer.from(text)).isDone).toBe(true)
    expect(second.calls()).toHaveLength(1)
  })

  it('the same listing may still be asked again, and comments bridge the wait', async () => {
    const { first, ask } = await open({})
    const { text, notes } = await ask('flaky-429?key=k&wait_ms=100&retry_after_ms=300')
    expect(eventsOf(Buffer.from(text)).isDone).toBe(true)
    expect(notes).toBeGreaterThanOrEqual(4)
    expect(first.calls()).toHaveLength(2)
  })

  it.each([
    ['refuse-400?wait_ms=200', { message: 'Bad temperature.' }],
    ['refuse-500?wait_ms=100', { message: 'Something broke.' }],
    ['html-502?wait_ms=100', { code: 'gateway_upstream_failed' }],
    ['reset-before?wait_ms=100', { code: 'providers_connection_lost' }],
    ['refuse-401?wait_ms=200', { code: 'gateway_upstream_refused_us' }],
    ['error-first?wait_ms=100', { message: 'The model is overloaded.' }],
  ])('a failure is an error event without [DONE] (%s)', async (mode, error) => {
    const { world, ask } = await open({ retries: 0 })
    const { answer, text, notes } = await ask(mode)
    expect(answer.status).toBe(200)
    expect(notes).toBeGreaterThanOrEqual(1)
    const { chunks, isDone } = eventsOf(Buffer.from(text))
    expect(isDone).toBe(false)
    expect(chunks).toMatchObject([{ error }])
    expect(await world.settled(1)).toMatchObject([{ outcome: 'upstream_error' }])
  })

  it('a provider that answers in one piece has not answered a stream', async () => {
    const { first } = await open({})
    const whole = await openGatewayWorld({
      endpoint: first.endpoint(),
      listing: { resilience: { ...DEFAULT_RESILIENCE, keepAliveMs: 30 } },
      dispatch: (_endpoint, _request, handler) => {
        const control = { pause() {}, resume() {}, abort() {} }
        setTimeout(() => {
          handler.onResponseStart(control, 200, { 'content-type': 'application/json' }, '')
          handler.onResponseData(control, Buffer.from('{"choices":[],"usage":{"prompt_tokens":3}}'))
          handler.onResponseEnd(control)
        }, 120)
        return () => undefined
      },
    })
    const answer = await whole.post('/chat/completions', chatBody('m', { stream: true }))
    const { chunks, isDone } = eventsOf(Buffer.from(await answer.text()))
    expect([isDone, chunks.length]).toEqual([false, 1])
    expect(await whole.settled(1)).toMatchObject([
      { outcome: 'upstream_error', tokens: { input: 3 } },
    ])
  })

  it('a client that leaves is felt, and the request is recorded once', async () => {
    const { first, world } = await open({})
    const leaving = new AbortController()
    const answer = await world.post(
      '/chat/completions',
      chatBody('stall-before', { stream: true }),
      {
        signal: leaving.signal,
      },
    )
    expect(answer.status).toBe(200)
    leaving.abort()
    await first.waitFor(({ hits }) => hits[0]?.isAborted === true)
    expect(await world.settled(1)).toMatchObject([{ outcome: 'aborted', tokens: { output: 0 } }])
    await sleep(100)
    expect(world.logged).toEqual([])
  })
})
