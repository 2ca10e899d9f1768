import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collect, eventsOf, jsonOf, streamedText } from '../../tests/upstream/collect.ts'
import { describeProviderContract } from '../../tests/upstream/provider-contract.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import { openProviders, type ProviderHandler, type Providers } from './index.ts'

describeProviderContract('the scripted upstream', async () => {
  const upstream = await openScriptedUpstream()
  return {
    endpoint: upstream.endpoint(),
    model: 'acme/normal',
    completionModel: 'acme/normal',
    embeddingModel: 'acme/normal',
    unknownModel: 'acme/refuse-404',
    close: () => upstream.close(),
  }
})

describe('dispatch', () => {
  let upstream: ScriptedUpstream
  let providers: Providers
  beforeEach(async () => {
    upstream = await openScriptedUpstream()
    providers = openProviders({ connections: 4, maxQueued: 2, queueTimeoutMs: 300 })
  })
  afterEach(async () => {
    await upstream.close()
    await providers.close()
  })
  const chat = (mode: string, fields: object = {}): { [key: string]: never } =>
    ({ model: `acme/${mode}`, messages: [{ role: 'user', content: 'hi' }], ...fields }) as never
  const ask = (mode: string, fields: object = {}, options = {}) =>
    collect(providers, upstream.endpoint(), chat(mode, fields), options).done

  it.each(['onResponseStart', 'onResponseData'] as const)(
    'a handler that throws in %s hears that its exchange is over, once',
    async (broken) => {
      const failures = await new Promise<Error[]>((resolve) => {
        const heard: Error[] = []
        listen('normal', {
          [broken]: () => {
            throw new TypeError('a bug')
          },
          onResponseError: (_control, error) => {
            heard.push(error)
            setTimeout(() => resolve(heard), 30)
          },
        })
      })
      expect(failures).toMatchObject([{ cause: { message: 'a bug' } }])
    },
  )

  it('a handler that throws at the end of its exchange is warned of, and nothing else', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const abort = listen('stall-before', {
      onResponseError: () => {
        throw new TypeError('a bug')
      },
    })
    abort()
    expect(await warned).toMatchObject({ message: 'a bug' })
  })

  /** Sends a chat to a handler of which only some parts are given. */
  function listen(mode: string, parts: Partial<ProviderHandler>) {
    const body = Buffer.from(JSON.stringify(chat(mode)))
    const timeouts = { headersTimeoutMs: 5_000, bodyTimeoutMs: 5_000 }
    return providers.dispatch(
      upstream.endpoint(),
      { operation: 'chat', body, headers: { 'content-type': 'application/json' }, ...timeouts },
      {
        onResponseStart() {},
        onResponseData() {},
        onResponseEnd() {},
        onResponseError() {},
        ...parts,
      },
    )
  }

  it('sends the body untouched, and no credential of the caller', async () => {
    const body = Buffer.from('{"model" : "acme/normal","messages":[],"x":1e400}')
    const endpoint = upstream.endpoint({
      authHeader: { name: 'Authorization', value: 'Bearer house' },
    })
    const headers = {
      authorization: 'Bearer caller',
      cookie: 'a=b',
      'x-api-key': 'caller',
      connection: 'close',
      host: 'evil.example',
      'content-length': '3',
      'accept-encoding': 'gzip',
      'x-title': 'kept',
    }
    await collect(providers, endpoint, body, { headers }).done
    const [hit] = upstream.calls()
    expect(hit?.body.equals(body)).toBe(true)
    expect(hit?.headers).toMatchObject({
      authorization: 'Bearer house',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'x-title': 'kept',
    })
    expect(hit?.headers.cookie).toBeUndefined()
    expect(hit?.headers['x-api-key']).toBeUndefined()
    expect(hit?.headers.host).toBe(new URL(upstream.baseUrl).host)
  })

  it('passes statuses and bodies of refusals through', async () => {
    const limited = await ask('refuse-429-after')
    expect([limited.status, limited.headers['retry-after']]).toEqual([429, '7'])
    const html = await ask('html-502')
    expect([html.status, html.errorCode]).toEqual([502, null])
    expect(html.body.toString()).toContain('nginx')
  })

  it.each([
    ['reset-before', 'providers_connection_lost', null],
    ['reset-after-headers', 'providers_connection_lost', 200],
    ['reset-mid-answer', 'providers_connection_lost', 200],
    ['close-mid-answer', 'providers_connection_lost', 200],
    ['bad-http', 'providers_bad_response', null],
    ['redirect', 'providers_redirected', null],
  ])('ends an upstream of mode %s with %s', async (mode, code, status) => {
    const answer = await ask(mode, { stream: true })
    expect([answer.errorCode, answer.status]).toEqual([code, status])
  })

  it('tells a body that is shorter than promised from one that is complete', async () => {
    const answer = await ask('short-body')
    expect(answer.status).toBe(200)
    expect(answer.errorCode).toMatch(/^providers_(connection_lost|bad_response)$/)
  })

  it('waits for the real answer after an early hint', async () => {
    const answer = await ask('early-hints')
    expect([answer.status, answer.errorCode]).toEqual([200, null])
  })

  it('gives up and hangs up when headers or the next bytes take too long', async () => {
    const headers = await ask('stall-before', {}, { headersTimeoutMs: 100 })
    expect(headers.errorCode).toBe('providers_timeout')
    const body = await ask('stall-mid-answer', { stream: true }, { bodyTimeoutMs: 100 })
    expect([body.errorCode, body.status]).toEqual(['providers_timeout', 200])
    await upstream.waitFor((up) => up.calls().every((hit) => hit.isAborted))
  })

  it('lets the upstream know of an abort at once', async () => {
    const running = collect(providers, upstream.endpoint(), chat('stall-before'))
    await upstream.waitFor((up) => up.calls().length === 1)
    const startedMs = performance.now()
    running.abort(new Error('client gone'))
    await upstream.waitFor((up) => up.calls()[0]?.isAborted === true)
    expect(performance.now() - startedMs).toBeLessThan(500)
    const { error, errorCode } = await running.done
    expect([errorCode, String(error?.cause)]).toEqual(['providers_aborted', 'Error: client gone'])
  })

  it('stops reading while it is paused', async () => {
    let isPaused = false
    let sizeAtPause = 0
    let size = 0
    const answer = await ask(
      'giant-line',
      { stream: true },
      {
        onData(control: { pause(): void; resume(): void }, chunk: Buffer) {
          expect(isPaused).toBe(false)
          size += chunk.length
          if (sizeAtPause > 0 || size < 100_000) return
          sizeAtPause = size
          isPaused = true
          control.pause()
          setTimeout(() => {
            isPaused = false
            control.resume()
          }, 100)
        },
      },
    )
    expect(answer.errorCode).toBeNull()
    expect(answer.body.length).toBeGreaterThan(5 * 1024 * 1024)
  })

  it.each(['split-utf8', 'crlf', 'no-space', 'comments', 'done-split', 'event-names'])(
    'passes a stream of mode %s on with its text whole',
    async (mode) => {
      const plain = await ask('normal', { stream: true })
      const { chunks, isDone } = eventsOf((await ask(mode, { stream: true })).body)
      expect(isDone).toBe(true)
      expect(streamedText(chunks)).toBe(streamedText(eventsOf(plain.body).chunks))
    },
  )

  it('keeps to its connections: who comes later waits, who comes too many is refused', async () => {
    const stalled = Array.from({ length: 4 }, () =>
      collect(providers, upstream.endpoint(), chat('stall-before')),
    )
    await upstream.waitFor((up) => up.calls().length === 4)
    const waiting = [1, 2].map(() => collect(providers, upstream.endpoint(), chat('normal')))
    const refused = await ask('normal')
    expect(refused.errorCode).toBe('providers_saturated')
    stalled[0]?.abort()
    const served = await Promise.all(waiting.map((each) => each.done))
    expect(served.map((answer) => answer.status)).toEqual([200, 200])
    for (const each of stalled) each.abort()
  })

  it('does not wait for a connection for ever, nor send what was given up in line', async () => {
    const stalled = Array.from({ length: 4 }, () =>
      collect(providers, upstream.endpoint(), chat('stall-before')),
    )
    await upstream.waitFor((up) => up.calls().length === 4)
    const late = collect(providers, upstream.endpoint(), chat('normal'))
    const dropped = collect(providers, upstream.endpoint(), chat('normal'))
    dropped.abort()
    expect((await dropped.done).errorCode).toBe('providers_aborted')
    expect((await late.done).errorCode).toBe('providers_saturated')
    for (const each of stalled) each.abort()
    await Promise.all(stalled.map((each) => each.done))
    expect((await ask('normal')).status).toBe(200)
    expect(upstream.calls()).toHaveLength(5)
  })

  it('calls nothing before dispatch has returned, however early it fails', async () => {
    let hasReturned = false
    const endpoint = upstream.endpoint({ baseUrl: 'http://169.254.169.254/v1' })
    await new Promise<void>((resolve) => {
      providers.dispatch(
        endpoint,
        { operation: 'chat', body: Buffer.from('{}'), headersTimeoutMs: 0, bodyTimeoutMs: 0 },
        {
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd() {},
          onResponseError(_control, error) {
            expect(hasReturned).toBe(true)
            expect(error).toMatchObject({ code: 'providers_address_forbidden' })
            resolve()
          },
        },
      )
      hasReturned = true
    })
  })

  it('says that nobody is there without naming the address', async () => {
    await upstream.close()
    const answer = await ask('normal')
    expect(answer.errorCode).toBe('providers_unreachable')
    expect(answer.error?.message).not.toContain('127.0.0.1')
  })

  it('refuses after it was closed', async () => {
    await providers.close()
    expect((await ask('normal')).errorCode).toBe('providers_closed')
  })

  it('leaves a compressed answer as it came, with its encoding named', async () => {
    const answer = await ask('gzip')
    expect(answer.headers['content-encoding']).toBe('gzip')
    expect(jsonOf((await ask('normal')).body).object).toBe('chat.completion')
  })
})
