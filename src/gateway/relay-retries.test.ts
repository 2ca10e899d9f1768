import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  chatBody,
  type GatewayWorldOptions,
  liveListing,
  openGatewayWorld,
  until,
} from '../../tests/support/gateway.ts'
import { openBlackHole } from '../../tests/upstream/black-hole.ts'
import { eventsOf, streamedText } from '../../tests/upstream/collect.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { DEFAULT_RESILIENCE, type LiveListing, type Resilience } from '../catalog/index.ts'

interface OpenOptions extends Omit<GatewayWorldOptions, 'endpoint' | 'others' | 'listing'> {
  readonly resilience?: Partial<Resilience>
  readonly listing?: Partial<LiveListing>
  /** What the other listing of the model is at its provider; absent: there is none. */
  readonly other?: string
  readonly otherListing?: Partial<LiveListing>
}

/** A gateway before one upstream, or before two that serve the same model. */
async function open(options: OpenOptions = {}) {
  const { resilience, listing, other, otherListing, ...more } = options
  const [first, second] = [await openScriptedUpstream(), await openScriptedUpstream()]
  onTestFinished(async () => {
    await first.close()
    await second.close()
  })
  const all = { ...DEFAULT_RESILIENCE, ...resilience }
  const others =
    other === undefined
      ? []
      : [liveListing(second.endpoint(), { upstreamModel: other, resilience: all, ...otherListing })]
  const world = await openGatewayWorld({
    ...more,
    endpoint: first.endpoint(),
    listing: { ...listing, resilience: all },
    others,
  })
  return { first, second, world, otherId: others[0]?.listingId }
}

const ask = (mode: string, stream: boolean) => chatBody(mode, { stream })

/** Failures that may pass by themselves, and what they are called. */
const PASSING = [
  ['refuse-500', 'upstream_error'],
  ['refuse-429', 'upstream_busy'],
  ['busy?status=408', 'upstream_error'],
  ['busy?status=502', 'upstream_error'],
  ['busy?status=504', 'upstream_error'],
  ['busy?status=529', 'upstream_error'],
  ['refuse-empty', 'upstream_bad_answer'],
  ['html-502', 'upstream_bad_answer'],
  ['html-200', 'upstream_bad_answer'],
  ['error-first', 'upstream_error'],
  ['encoding-broken', 'upstream_bad_answer'],
  ['reset-before', 'upstream_reset'],
] as const
/** The same of streams alone. */
const PASSING_STREAMS = [
  ['reset-after-headers', 'upstream_reset'],
  ['reset-after-comment', 'upstream_reset'],
  ['reset-after-role', 'upstream_reset'],
  ['empty-stream', 'upstream_ended_early'],
  ['eof-after-role', 'upstream_ended_early'],
  ['error-after-role', 'upstream_error'],
] as const
const STREAMED = [...PASSING, ...PASSING_STREAMS].map(([mode, why]) => [mode, why, true] as const)
const WHOLE = [
  ...PASSING,
  ['reset-mid-answer', 'upstream_reset'],
  ['short-body', 'upstream_reset'],
].map(([mode, why]) => [mode, why, false] as const)
/** Failures that will not pass in a moment. */
const LASTING = [
  ['refuse-401', 'upstream_refused_us'],
  ['refuse-403', 'upstream_refused_us'],
  ['busy?status=402', 'upstream_refused_us'],
  ['busy?status=407', 'upstream_refused_us'],
  ['refuse-quota', 'upstream_refused_us'],
  ['redirect', 'upstream_unusable'],
  ['bad-http', 'upstream_unusable'],
  ['busy?retry_after=6', 'upstream_busy'],
  ['busy?status=503&retry_after_ms=5001', 'upstream_error'],
] as const

describe('the same listing', () => {
  it.each([...STREAMED, ...WHOLE])('is asked again after %s (%s; stream: %s)', async (...fault) => {
    const [mode, reason, stream] = fault
    const { first, world } = await open()
    const [name, query] = mode.split('?')
    const flaky = `flaky?as=${name}&fails=2&key=k&${query ?? ''}`
    const answer = await world.post('/chat/completions', ask(flaky, stream))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-baimo-route')).toBe('name; attempts=3')
    expect(answer.headers.get('x-should-retry')).toBeNull()
    expect(await answer.text()).toContain(stream ? 'data: [DONE]' : '"completion_tokens":8')
    expect(first.calls()).toHaveLength(3)
    expect(await world.settled(1)).toMatchObject([{ outcome: 'answered', upstreamStatus: 200 }])
    expect(world.moves.map(([move, , why]) => [move, why])).toEqual([
      ['again', reason],
      ['again', reason],
    ])
    expect(world.logged).toMatchObject([
      { message: 'upstream failed', fields: { reason, attempt: 1, next: 'again' } },
      { message: 'upstream failed', fields: { reason, attempt: 2, next: 'again' } },
    ])
  })

  it.each([...STREAMED, ...WHOLE])(
    'is asked three times in vain by %s, and the client is told to stop (%s; stream: %s)',
    async (mode, _reason, stream) => {
      const { first, world } = await open()
      const answer = await world.post('/chat/completions', ask(mode, stream))
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.headers.get('x-should-retry')).toBe('false')
      expect(answer.headers.get('x-baimo-route')).toBe('name; attempts=3')
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      await answer.text()
      expect(first.calls()).toHaveLength(3)
      expect(await world.settled(1)).toMatchObject([{ outcome: 'upstream_error' }])
      expect(world.logged.at(-1)?.fields).toMatchObject({ next: 'none', attempt: 3 })
    },
  )

  it.each(LASTING)('is asked once by %s (%s)', async (mode) => {
    const { first, world } = await open()
    const answer = await world.post('/chat/completions', ask(mode, false))
    expect(answer.ok).toBe(false)
    expect(first.calls()).toHaveLength(1)
    expect(answer.headers.get('x-baimo-route')).toBe('name')
  })

  it.each(['refuse-400', 'refuse-404', 'busy?status=413', 'busy?status=422'])(
    'and every other is asked nothing more after %s: the request is at fault',
    async (mode) => {
      const { first, second, world } = await open({ other: 'acme/normal' })
      const answer = await world.post('/chat/completions', ask(mode, false))
      expect(answer.status).toBeLessThan(500)
      expect([first.calls().length, second.calls().length]).toEqual([1, 0])
      expect(world.logged).toEqual([])
    },
  )

  it.each(['reset-mid-answer', 'close-mid-answer', 'eof-mid-answer', 'error-mid-answer'])(
    'and every other is asked nothing more once content is out (%s)',
    async (mode) => {
      const { first, second, world } = await open({ other: 'acme/normal' })
      const answer = await world.post('/chat/completions', ask(mode, true))
      const { chunks, isDone } = eventsOf(Buffer.from(await answer.text()))
      expect(isDone).toBe(false)
      expect(chunks.at(-1)).toHaveProperty('error')
      expect([first.calls().length, second.calls().length]).toEqual([1, 0])
      expect(await world.settled(1)).toMatchObject([{ outcome: 'upstream_error' }])
    },
  )

  it.each([
    ['no retries and no fallback', { retries: 0, fallsBack: false }, 500, [1, 0]],
    ['no retries, but others may answer', { retries: 0 }, 200, [1, 1]],
    ['retries, but no other may answer', { retries: 1, fallsBack: false }, 500, [2, 0]],
  ] as const)('is asked as often as its owner wants: %s', async (...wanted) => {
    const [, resilience, status, calls] = wanted
    const { first, second, world } = await open({ other: 'acme/normal', resilience })
    const answer = await world.post('/chat/completions', ask('refuse-500', false))
    expect(answer.status).toBe(status)
    const hasSentAgain = answer.headers.get('x-baimo-route')?.includes('attempts=2') ?? false
    expect(hasSentAgain).toBe(calls[0] + calls[1] === 2)
    // Where nothing was sent again, the client may.
    expect(answer.headers.get('x-should-retry')).toBe(
      status === 500 && hasSentAgain ? 'false' : null,
    )
    expect([first.calls().length, second.calls().length]).toEqual(calls)
  })

  it('and every other without retries is asked once, then the failure is told', async () => {
    const { first, second, world } = await open({
      other: 'acme/refuse-503',
      resilience: { retries: 0 },
    })
    const answer = await world.post('/chat/completions', ask('refuse-500', false))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('x-baimo-route')).toContain('attempts=2')
    expect([first.calls().length, second.calls().length]).toEqual([1, 1])
  })

  it('is not asked again when the provider says that it is in vain', async () => {
    const { world } = await open({
      dispatch: (_endpoint, _request, handler) => {
        const control = { pause() {}, resume() {}, abort() {} }
        setImmediate(() => {
          handler.onResponseStart(control, 500, { 'x-should-retry': 'false' }, '')
          handler.onResponseData(control, Buffer.from('{"error":{"message":"used up"}}'))
          handler.onResponseEnd(control)
        })
        return () => undefined
      },
    })
    const answer = await world.post('/chat/completions', ask('normal', false))
    expect(answer.headers.get('x-baimo-route')).toBe('name')
    expect(answer.headers.get('x-should-retry')).toBe('false')
  })
})

describe('the wait before an attempt', () => {
  it('is drawn by chance, from a bound that doubles', async () => {
    const { world } = await open({ random: () => 1 })
    const startedMs = performance.now()
    await world.post('/chat/completions', ask('refuse-500', false))
    const tookMs = performance.now() - startedMs
    expect(tookMs).toBeGreaterThanOrEqual(448) // 150 and 300
    expect(tookMs).toBeLessThan(1_500)
    const waits = world.logged.map(({ fields }) => (fields as { wait_ms?: number }).wait_ms)
    expect(waits).toEqual([150, 300, undefined])
  })

  it.each([
    ['seconds', 'retry_after=1'],
    ['milliseconds', 'retry_after_ms=1000'],
    ['a date', 'retry_at_ms=2000'],
  ])('is as long as the provider wishes, in %s', async (_name, wish) => {
    const { world } = await open()
    const startedMs = performance.now()
    const answer = await world.post('/chat/completions', ask(`flaky-429?key=k&${wish}`, true))
    expect(answer.status).toBe(200)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(950)
    await answer.text()
  })

  it('is the client’s where the provider wishes for more than five seconds', async () => {
    const { world } = await open()
    const answer = await world.post('/chat/completions', ask('busy?retry_after=60', true))
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('60')
    expect(answer.headers.get('x-should-retry')).toBeNull()
  })

  it('is told to the client of a busy provider after the last attempt, too', async () => {
    const { world } = await open()
    const answer = await world.post('/chat/completions', ask('busy?retry_after_ms=20', true))
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after-ms')).toBe('20')
    expect(answer.headers.get('x-should-retry')).toBeNull()
    expect(answer.headers.get('x-baimo-route')).toBe('name; attempts=3')
  })

  it('ends when the client leaves: nothing is sent, the request is recorded once', async () => {
    const { first, world } = await open({ random: () => 1 })
    const leaving = new AbortController()
    const answering = world.post('/chat/completions', ask('busy?retry_after=3', false), {
      signal: leaving.signal,
    })
    await until(() => world.logged.length === 1)
    leaving.abort()
    await expect(answering).rejects.toThrow()
    const usages = await world.settled(1)
    expect(usages).toMatchObject([{ outcome: 'aborted', tokens: { input: 0, output: 0 } }])
    expect(first.calls()).toHaveLength(1)
    expect(world.gateway.runningCount).toBe(0)
  })
})

describe('another listing of the model', () => {
  const faults = [
    ...STREAMED,
    ...WHOLE,
    ...LASTING.map(([mode, why]) => [mode, why, true] as const),
    ...LASTING.map(([mode, why]) => [mode, why, false] as const),
  ]

  it.each(faults)('answers at once after %s (%s; stream: %s)', async (mode, reason, stream) => {
    const { first, second, world, otherId } = await open({ other: 'acme/normal', random: () => 1 })
    const answer = await world.post('/chat/completions', ask(mode, stream))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-baimo-listing')).toBe(otherId)
    expect(answer.headers.get('x-baimo-route')).toBe(`name; attempts=2; fallback=${reason}`)
    const bytes = Buffer.from(await answer.text())
    if (stream)
      expect(streamedText(eventsOf(bytes).chunks)).toBe('Hello from the scripted upstream: 你好 🙂')
    expect([first.calls().length, second.calls().length]).toEqual([1, 1])
    expect(world.logged.map(({ fields }) => fields)).toMatchObject([{ reason, next: 'fallback' }])
    expect(world.moves.map(([move, , why]) => [move, why])).toEqual([['fallback', reason]])
    const [usage, more] = await world.settled(1)
    expect(more).toBeUndefined()
    expect(usage).toMatchObject({ outcome: 'answered', listingId: otherId, source: 'reported' })
  })

  it('gets the body with its own name of the model, and what it takes', async () => {
    const { first, second, world } = await open({ other: 'theirs/name' })
    await (await world.post('/chat/completions', ask('refuse-500', true))).text()
    expect(first.calls()[0]?.json).toMatchObject({ model: 'acme/refuse-500', stream: true })
    expect(second.calls()[0]?.json).toMatchObject({
      model: 'theirs/name',
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  it('is asked before the first is asked again, then both in turn', async () => {
    const { first, second, world } = await open({
      other: 'acme/refuse-503',
      resilience: { retries: 3 },
      random: () => 0,
    })
    const answer = await world.post('/chat/completions', ask('refuse-500', false))
    expect([first.calls().length, second.calls().length]).toEqual([2, 2])
    expect(answer.headers.get('x-baimo-route')).toBe('name; attempts=4; fallback=upstream_error')
    expect(answer.status).toBe(503)
    await answer.text()
  })

  it.each([
    ['does not offer the operation', { capabilities: ['embedding' as const] }],
    ['rejects a parameter of the request', { endpoint: 'seed' }],
  ])('that %s is passed over', async (_name, over) => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const quirks = { acceptsStreamOptions: true, rejectedParameters: ['seed'] }
    const otherListing: Partial<LiveListing> =
      'endpoint' in over ? { endpoint: upstream.endpoint({ quirks }) } : over
    const { second, world } = await open({ other: 'acme/normal', otherListing })
    const answer = await world.post('/chat/completions', chatBody('refuse-401', { seed: 1 }))
    expect(answer.status).toBe(502)
    expect([second.calls().length, upstream.calls().length]).toEqual([0, 0])
  })

  it('is not asked where the owner wants the first alone', async () => {
    const resilience = { fallsBack: false }
    const { first, second, world } = await open({ other: 'acme/normal', resilience })
    const answer = await world.post('/chat/completions', ask('refuse-500', false))
    expect(answer.status).toBe(500)
    expect([first.calls().length, second.calls().length]).toEqual([3, 0])
  })

  it('answers where the first cannot be reached at all', async () => {
    const { first, world, otherId } = await open({ other: 'acme/normal' })
    await first.close()
    const answer = await world.post('/chat/completions', ask('normal', true))
    expect(answer.headers.get('x-baimo-route')).toBe(
      'name; attempts=2; fallback=upstream_unreachable',
    )
    expect(answer.headers.get('x-baimo-listing')).toBe(otherId)
    await answer.text()
  })

  it('answers where the first lets nobody connect', async () => {
    const hole = await openBlackHole()
    onTestFinished(() => hole.close())
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const { world, otherId } = await open({
      other: 'acme/normal',
      resilience: { connectTimeoutMs: 200 },
      listing: { endpoint: { ...upstream.endpoint(), baseUrl: hole.baseUrl } },
    })
    const answer = await world.post('/chat/completions', ask('normal', false))
    expect(answer.headers.get('x-baimo-listing')).toBe(otherId)
    expect(answer.headers.get('x-baimo-route')).toBe(
      'name; attempts=2; fallback=upstream_unreachable',
    )
    await answer.text()
  })

  it.each([
    ['stall-before', false],
    ['stall-before', true],
    ['stall-after-headers', true],
    ['slow-first-byte?body_ms=900', false],
    ['slow-first-byte?body_ms=900', true],
  ])(
    'answers where the first byte does not come in time (%s; stream: %s)',
    async (mode, stream) => {
      const { first, world, otherId } = await open({
        other: 'acme/normal',
        resilience: { firstByteTimeoutMs: 150 },
      })
      const answer = await world.post('/chat/completions', ask(mode, stream))
      expect(answer.headers.get('x-baimo-listing')).toBe(otherId)
      expect(answer.headers.get('x-baimo-route')).toBe(
        'name; attempts=2; fallback=upstream_timeout',
      )
      await answer.text()
      await first.waitFor(({ hits }) => hits[0]?.isAborted === true)
    },
  )
})

describe('time limits of a listing', () => {
  it('an answer that does not begin is a 504 without a second attempt', async () => {
    const { first, world } = await open({ resilience: { firstByteTimeoutMs: 100 } })
    const answer = await world.post('/chat/completions', ask('stall-after-headers', true))
    expect(answer.status).toBe(504)
    expect(await answer.text()).toContain('gateway_upstream_timeout')
    expect(first.calls()).toHaveLength(1)
  })

  it.each([true, false])('silence within an answer ends it (stream: %s)', async (stream) => {
    const { world } = await open({ resilience: { idleTimeoutMs: 120 } })
    const startedMs = performance.now()
    const answer = await world.post('/chat/completions', ask('stall-mid-answer', stream))
    const text = await answer.text()
    expect(text).toContain('gateway_upstream_timeout')
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(100)
    expect(answer.status).toBe(stream ? 200 : 504)
  })

  it('an answer that goes on may take longer than both', async () => {
    const { world } = await open({ resilience: { firstByteTimeoutMs: 150, idleTimeoutMs: 150 } })
    const answer = await world.post('/chat/completions', ask('normal?pieces=20&gap_ms=30', true))
    expect(await answer.text()).toContain('data: [DONE]')
  })

  it('the wait for a connection of our own is not the provider’s', async () => {
    const { first, world } = await open({
      connections: 1,
      resilience: { firstByteTimeoutMs: 400 },
    })
    const slow = world.post('/chat/completions', ask('normal?pieces=20&gap_ms=40', true))
    await first.waitFor(({ hits }) => hits.length === 1)
    const second = await world.post('/chat/completions', ask('normal', false))
    expect(second.status).toBe(200)
    expect(await (await slow).text()).toContain('[DONE]')
  })
})

describe('the body of a request', () => {
  it('is kept until content begins, and no longer', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const bodies: WeakRef<Buffer>[] = []
    let isBegun = false
    const { world } = await open({
      dispatch: (_endpoint, { body }, handler) => {
        bodies.push(new WeakRef(body))
        const control = { pause() {}, resume() {}, abort() {} }
        setTimeout(() => {
          handler.onResponseStart(control, 200, { 'content-type': 'text/event-stream' }, '')
          const text = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
          if (isBegun) handler.onResponseData(control, Buffer.from(text))
          else handler.onResponseEnd(control)
          isBegun = true
        }, 30)
        return () => undefined
      },
    })
    const leaving = new AbortController()
    const large = chatBody('normal', { stream: true, padding: 'x'.repeat(1_000_000) })
    const answer = await world.post('/chat/completions', large, { signal: leaving.signal })
    expect(answer.status).toBe(200)
    expect(bodies).toHaveLength(2) // it was still there for the second attempt
    await until(() => {
      collect()
      return bodies.every((body) => body.deref() === undefined)
    })
    leaving.abort()
    await answer.text().catch(() => '')
  })
})
