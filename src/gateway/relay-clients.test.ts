import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { chatBody, liveListing, openGatewayWorld, until } from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { newId } from '../kernel/index.ts'

async function open(options: { connections?: number } = {}) {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const world = await openGatewayWorld({ endpoint: upstream.endpoint(), ...options })
  return { upstream, world }
}

describe('a client that goes away', () => {
  it.each([
    ['before the first byte', 'stall-before', false],
    ['before the first byte of a stream', 'stall-before', true],
    ['after the head of a stream', 'stall-after-headers', true],
    ['in the middle of a stream', 'normal?pieces=1000&gap_ms=10', true],
    ['in the middle of a stalled stream', 'stall-mid-answer', true],
    ['in the middle of a whole answer', 'stall-mid-answer', false],
  ])(
    '%s is felt by the upstream within 100 ms, and recorded once',
    { retry: 2 },
    async (_name, mode, stream) => {
      const { upstream, world } = await open()
      const body = chatBody(mode, { stream })
      const leaving = new AbortController()
      const answering = world.post('/chat/completions', body, { signal: leaving.signal })
      await upstream.waitFor(({ hits }) => hits.length === 1)
      const hasBegun = /normal|mid/.test(mode) && stream
      if (hasBegun) await readUntil(await answering, 'Hello')
      else await sleep(40)
      const leftMs = performance.now()
      leaving.abort()
      answering.catch(() => undefined)
      while (upstream.hits[0]?.isAborted !== true) await sleep(1)
      expect(performance.now() - leftMs).toBeLessThan(100)
      await sleep(20)
      const [usage, more] = await world.settled(1)
      expect(more).toBeUndefined()
      expect(usage).toMatchObject({ outcome: 'aborted', source: 'estimated', isStream: stream })
      expect(usage?.tokens.input).toBe(Math.ceil(body.length / 4))
      if (hasBegun) expect(usage?.tokens.output).toBeGreaterThan(0)
      else expect(usage?.tokens.output).toBe(0)
      expect(world.logged).toEqual([])
    },
  )

  it('keeps the usage that the upstream has told by then', async () => {
    const { upstream, world } = await open()
    const body = chatBody('usage-running?pieces=500&gap_ms=5', { stream: true })
    const leaving = new AbortController()
    const answer = await world.post('/chat/completions', body, { signal: leaving.signal })
    await answer.body?.getReader().read()
    await sleep(50)
    leaving.abort()
    await upstream.waitFor(({ hits }) => hits[0]?.isAborted === true)
    const [usage] = await world.settled(1)
    expect(usage).toMatchObject({ outcome: 'aborted', source: 'reported' })
    expect(usage?.tokens.output).toBeGreaterThan(0)
  })

  it('during its upload leaves nothing behind', async () => {
    const { upstream, world } = await open()
    const socket = await openSocket(world.baseUrl)
    socket.write(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"model"',
    )
    await sleep(30)
    socket.destroy()
    await sleep(50)
    expect(upstream.hits).toEqual([])
    expect(world).toMatchObject({ usages: [], refusals: [], logged: [] })
    expect(world.gateway.runningCount).toBe(0)
  })

  it('while its request waits in line never reaches the upstream', async () => {
    const { upstream, world } = await open({ connections: 1 })
    const first = new AbortController()
    const second = new AbortController()
    const runs = [first, second].map((leaving) =>
      world
        .post('/chat/completions', chatBody('stall-before'), { signal: leaving.signal })
        .catch(() => undefined),
    )
    await upstream.waitFor(({ hits }) => hits.length === 1)
    await until(() => world.gateway.runningCount === 2)
    second.abort()
    await until(() => world.usages.length === 1)
    const nothing = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 }
    expect(world.usages[0]).toMatchObject({ source: 'counted', tokens: nothing })
    first.abort()
    await Promise.all(runs)
    await world.settled(2)
    expect(upstream.hits).toHaveLength(1)
    expect(world.usages.map((usage) => usage.outcome)).toEqual(['aborted', 'aborted'])
  })
})

describe('a client that uploads before it reads', () => {
  it('is through with a refused upload before the connection closes', async () => {
    const { world } = await open()
    const socket = await openSocket(world.baseUrl)
    const errors: Error[] = []
    socket.on('error', (error) => errors.push(error)).pause()
    socket.write(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 2000000\r\n\r\n',
    )
    for (let sent = 0; sent < 2_000_000; sent += 50_000) {
      socket.write(Buffer.alloc(50_000))
      await sleep(2)
    }
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.resume()
    await new Promise((resolve) => socket.on('close', resolve))
    expect(text).toMatch(/^HTTP\/1\.1 415 .*gateway_media_type_unsupported/s)
    expect(errors).toEqual([])
  })
})

describe('many clients', () => {
  it('who wait for one slow provider leave room for those of the others', async () => {
    const [slow, quick] = [await openScriptedUpstream(), await openScriptedUpstream()]
    onTestFinished(() => Promise.all([slow.close(), quick.close()]).then(() => undefined))
    const listings = {
      'stall-before': liveListing(slow.endpoint(), { upstreamModel: 'acme/stall-before' }),
      normal: liveListing(quick.endpoint()),
    }
    const world = await openGatewayWorld({
      endpoint: slow.endpoint(),
      bodiesBytes: 20_000,
      resolve: (name) => {
        const listing = listings[name as keyof typeof listings]
        return { kind: 'listing', listing, others: [], how: 'name' }
      },
    })
    const leaving = new AbortController()
    const large = { user: 'x'.repeat(6_000) }
    const { signal } = leaving
    const waiting = world
      .post('/chat/completions', chatBody('stall-before', large), { signal })
      .catch(() => undefined)
    await slow.waitFor(({ hits }) => hits.length === 1)
    const refused = await world.post('/chat/completions', chatBody('stall-before', large))
    expect(refused.status).toBe(503)
    expect(world.refusals).toEqual(['gateway_bodies_too_many'])
    const answered = await world.post('/chat/completions', chatBody('normal', large))
    expect(answered.status).toBe(200)
    leaving.abort()
    await waiting
    await world.settled(2)
  })

  it('whose bodies fill the memory kept for them are told to come back', async () => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const world = await openGatewayWorld({ endpoint: upstream.endpoint(), bodiesBytes: 10_000 })
    const leaving = new AbortController()
    const large = { user: 'x'.repeat(6_000) }
    const waiting = world
      .post('/chat/completions', chatBody('stall-before', large), { signal: leaving.signal })
      .catch(() => undefined)
    await upstream.waitFor(({ hits }) => hits.length === 1)
    const refused = await world.post('/chat/completions', chatBody('normal', large))
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(world.refusals).toEqual(['gateway_bodies_too_many'])
    leaving.abort()
    await waiting
    await world.settled(1)
    for (let round = 0; round < 3; round += 1) {
      const answer = await world.post('/chat/completions', chatBody('normal', large))
      expect(answer.status).toBe(200) // what each held is given back at its end
      await answer.text()
    }
  })

  it('200 at once are all answered whole and recorded once each', async () => {
    const { world } = await open()
    const texts = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        const answer = await world.post(
          '/chat/completions',
          chatBody('normal', { stream: at % 2 === 0 }),
        )
        return answer.text()
      }),
    )
    expect(texts.filter((text) => text.endsWith('data: [DONE]\n\n'))).toHaveLength(100)
    expect(texts.filter((text) => text.includes('"completion_tokens":8'))).toHaveLength(100)
    const usages = await world.settled(200)
    expect(new Set(usages.map((usage) => usage.id)).size).toBe(200)
    expect(usages.every((usage) => usage.outcome === 'answered')).toBe(true)
  })

  it('are counted while they run, until the last of them is over', async () => {
    const { world } = await open()
    expect(world.gateway.runningCount).toBe(0)
    const answers = [1, 2].map(() => world.post('/chat/completions', chatBody('slow-headers')))
    const streams = [10, 40].map(async (gap) => {
      const body = chatBody(`normal?pieces=4&gap_ms=${gap}`, { stream: true })
      return (await world.post('/chat/completions', body)).text()
    })
    await until(() => world.gateway.runningCount === 4)
    await until(() => world.gateway.runningCount === 0)
    expect(world.usages).toHaveLength(4)
    await Promise.all([...answers, ...streams])
  })
})

const EVENT = `data: {"choices":[{"delta":{"content":"${'x'.repeat(16_000)}"}}]}\n\n`
const END =
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"completion_tokens":1}}\n\ndata: [DONE]\n\n'
const EVENT_COUNT = 2_500 // 40 MB

describe('a client that reads slowly', () => {
  it('holds a fast upstream back, and gets everything in the end', async () => {
    let sentBytes = 0
    const { socket, bodyBytes, world } = await openSlow(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let at = 0; at < EVENT_COUNT; at += 1) {
        sentBytes += EVENT.length
        if (!response.write(EVENT)) await new Promise((resolve) => response.once('drain', resolve))
      }
      response.end(END)
    })
    await sleep(300)
    const heldBytes = sentBytes
    await sleep(200)
    expect(sentBytes).toBe(heldBytes) // only what the sockets' own buffers take
    expect(heldBytes).toBeLessThan(20_000_000)
    socket.resume()
    await world.settled(1)
    await until(() => bodyBytes() > EVENT.length * EVENT_COUNT)
    expect(world.usages).toMatchObject([{ outcome: 'answered', tokens: { output: 1 } }])
  })

  it('holds back what unfolds from a small compressed answer, too', async () => {
    const folded = gzipSync(EVENT.repeat(EVENT_COUNT) + END)
    expect(folded.length).toBeLessThan(1_000_000)
    const { socket, bodyBytes, world } = await openSlow((response) => {
      const headers = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }
      response.writeHead(200, headers).end(folded)
    })
    const beforeBytes = process.memoryUsage().arrayBuffers
    await sleep(500)
    expect(world.usages).toEqual([]) // its end is not reached yet
    expect(process.memoryUsage().arrayBuffers - beforeBytes).toBeLessThan(25_000_000)
    socket.resume()
    await world.settled(1)
    await until(() => bodyBytes() > EVENT.length * EVENT_COUNT)
    expect(world.usages).toMatchObject([{ outcome: 'answered' }])
  })

  it('is taken as gone when it reads nothing for five minutes', async () => {
    const waitReally = globalThis.setTimeout
    const wait = (ms: number) => new Promise((resolve) => waitReally(resolve, ms))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let isLeft = false
    const { world } = await openSlow((response) => {
      response.on('close', () => {
        isLeft = true
      })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const fill = () => {
        while (!isLeft && response.write(EVENT));
      }
      response.on('drain', fill)
      fill()
    })
    onTestFinished(() => void vi.useRealTimers())
    await wait(300) // all buffers are full now
    vi.advanceTimersByTime(299_000)
    await wait(100)
    expect(isLeft).toBe(false)
    vi.advanceTimersByTime(2_000)
    await wait(100)
    expect(isLeft).toBe(true)
    expect(world.usages).toMatchObject([{ outcome: 'aborted', source: 'estimated' }])
  })

  /** A client that has asked for a stream and reads none of it until its socket is resumed. */
  async function openSlow(answer: (response: ServerResponse) => void | Promise<void>) {
    const upstream = createServer((request, response) => {
      request.resume().on('end', () => void answer(response))
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      upstream.closeAllConnections()
      upstream.close()
    })
    const { port } = upstream.address() as AddressInfo
    const world = await openGatewayWorld({
      endpoint: {
        providerId: newId<'provider'>(),
        dialect: 'openai',
        baseUrl: `http://127.0.0.1:${port}/v1`,
        socketPath: null,
        authHeader: null,
        quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
      },
    })
    const socket = await openSocket(world.baseUrl)
    socket.pause()
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.pause()
    const body = chatBody('m', { stream: true })
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    return { socket, world, bodyBytes: () => bytes }
  }
})

/** Reads an answer until it has said these words, and no further. */
async function readUntil(answer: Response, words: string): Promise<void> {
  const reader = answer.body?.getReader()
  let text = ''
  while (!text.includes(words)) {
    const step = await reader?.read()
    if (step === undefined || step.done) throw new Error(`it ended without "${words}"`)
    text += Buffer.from(step.value).toString()
  }
}

async function openSocket(baseUrl: string): Promise<Socket> {
  const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}
