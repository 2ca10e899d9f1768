import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { collectBody, collectEnvelope, MAX_BODY_BYTES } from './collect-body.ts'
import type { EnvelopeReading } from './read-envelope.ts'
import { openTurns } from './take-turns.ts'

/** Collects the body of one request sent over a real socket; what it came to, once. */
async function send(
  headers: Record<string, string>,
  chunks: readonly Buffer[],
): Promise<Buffer | Error> {
  const results: (Buffer | Error)[] = []
  const server = createServer((request, response) => {
    collectBody(request, { take: () => true, turns: openTurns() }, (result) => {
      results.push(result)
      request.resume()
      response.writeHead(200, { connection: 'close' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => {
    const request = httpRequest({ port, method: 'POST', headers })
    request.on('response', (response) => response.resume().on('end', resolve))
    request.on('error', () => resolve()) // refused in the middle of the upload
    for (const chunk of chunks) request.write(chunk)
    request.end()
  })
  await sleep(20) // a second call of `done` would come now
  expect(results).toHaveLength(1)
  return results[0] ?? new Error('nothing')
}

const JSON_TYPE = { 'content-type': 'application/json' }
const TEXT = `{"text":"${'你好 é '.repeat(1_000)}"}`

describe('collectBody', () => {
  it('gives the bytes as they came, in however many chunks', async () => {
    expect((await send(JSON_TYPE, [Buffer.from(TEXT)])).toString()).toBe(TEXT)
    const cut = [Buffer.from(TEXT.slice(0, 50)), Buffer.from(TEXT.slice(50))]
    expect((await send(JSON_TYPE, cut)).toString()).toBe(TEXT)
    expect(await send(JSON_TYPE, [])).toEqual(Buffer.alloc(0))
  })

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['GZIP', gzipSync],
    ['identity', (bytes: Buffer) => bytes],
  ])('unfolds %s', async (encoding, compress) => {
    const headers = { ...JSON_TYPE, 'content-encoding': encoding }
    expect((await send(headers, [compress(Buffer.from(TEXT))])).toString()).toBe(TEXT)
  })

  it.each(['Application/JSON', 'application/json; charset=utf-8', 'application/json ;x=y'])(
    'takes %s as JSON',
    async (type) => {
      expect(await send({ 'content-type': type }, [Buffer.from('{}')])).toBeInstanceOf(Buffer)
    },
  )

  it.each([{}, { 'content-type': 'text/plain' }, { 'content-type': 'application/jsonl' }])(
    'refuses a body that is not said to be JSON: %j',
    async (headers) => {
      const result = await send(headers, [Buffer.from('{}')])
      expect(result).toMatchObject({ code: 'gateway_media_type_unsupported' })
    },
  )

  it.each(['compress', 'gzip, br'])('refuses the encoding %s', async (encoding) => {
    const result = await send({ ...JSON_TYPE, 'content-encoding': encoding }, [Buffer.from('{}')])
    expect(result).toMatchObject({ code: 'gateway_media_type_unsupported' })
  })

  it.each([
    ['text that is no gzip', Buffer.from('hello')],
    ['gzip cut short', gzipSync(TEXT).subarray(0, 40)],
    ['nothing', Buffer.alloc(0)],
  ])('refuses broken compression: %s', async (_name, bytes) => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' }
    expect(await send(headers, [bytes])).toMatchObject({ code: 'gateway_body_invalid' })
  })

  it('takes 32 MiB and refuses a byte more', async () => {
    const most = await send(JSON_TYPE, [Buffer.alloc(MAX_BODY_BYTES, 0x20)])
    expect((most as Buffer).length).toBe(MAX_BODY_BYTES)
    const more = await send(JSON_TYPE, [Buffer.alloc(MAX_BODY_BYTES + 1, 0x20)])
    expect(more).toMatchObject({ code: 'gateway_body_too_large' })
  })

  it.each([
    ['gzip', gzipSync],
    ['br', (bytes: Buffer) => brotliCompressSync(bytes, { params: { 1: 1 } })],
    ['zstd', zstdCompressSync],
  ])('stops unfolding a bomb of %s at 32 MiB', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(48 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    const result = await send({ ...JSON_TYPE, 'content-encoding': encoding }, [bomb])
    expect(result).toMatchObject({ code: 'gateway_body_too_large' })
  })
})

it.each([
  ['identity', (bytes: Buffer) => bytes],
  ['gzip', gzipSync],
])(
  'collectBody tells when all of a body of %s has come, before it is through with it',
  async (encoding, compress) => {
    const request = Object.assign(new PassThrough(), {
      headers: { ...JSON_TYPE, 'content-encoding': encoding },
      complete: true,
    })
    const calls: string[] = []
    const means = { take: () => true, turns: openTurns(), onWhole: () => calls.push('whole') }
    await new Promise<void>((resolve) => {
      collectBody(request as unknown as IncomingMessage, means, () => {
        calls.push('done')
        resolve()
      })
      request.end(compress(Buffer.from(TEXT)))
    })
    expect(calls).toEqual(['whole', 'done'])
  },
)

describe('collectBody, when the client is slow or gone', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** A request without a socket, as far as collectBody looks at it. */
  function heldRequest() {
    const request = Object.assign(new PassThrough(), { headers: JSON_TYPE, complete: false })
    const results: (Buffer | Error)[] = []
    collectBody(
      request as unknown as IncomingMessage,
      { take: () => true, turns: openTurns() },
      (result) => results.push(result),
    )
    return { request, results }
  }

  it('refuses after 60 seconds of silence, counted from the last byte', async () => {
    const { request, results } = heldRequest()
    await vi.advanceTimersByTimeAsync(59_000)
    request.write('{')
    await vi.advanceTimersByTimeAsync(59_000)
    expect(results).toEqual([])
    await vi.advanceTimersByTimeAsync(1_500)
    expect(results).toEqual([expect.any(Refusal)])
    expect(results[0]).toMatchObject({ code: 'gateway_body_stalled' })
    request.end('}')
    await vi.advanceTimersByTimeAsync(100)
    expect(results).toHaveLength(1)
  })

  it('says nothing to a client that goes away, and leaves no timer behind', async () => {
    const { request, results } = heldRequest()
    request.write('{')
    await vi.advanceTimersByTimeAsync(10)
    request.destroy()
    await vi.advanceTimersByTimeAsync(10)
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(results).toEqual([])
  })
})

describe('collectEnvelope', () => {
  /** A body that is whole at once; what came of it before this round of the loop was over. */
  function read(body: string) {
    const request = Object.assign(new PassThrough(), {
      headers: JSON_TYPE,
      complete: true,
      socket: { destroyed: false },
    })
    const results: (EnvelopeReading | Error)[] = []
    const turns = openTurns()
    const ended = new Promise((resolve) => request.on('end', resolve))
    const by = { operation: 'chat' as const, take: () => true, turns }
    collectEnvelope(request as unknown as IncomingMessage, by, (result) => results.push(result))
    request.end(body)
    return { request, results, ended }
  }
  const bodyOf = (count: number) => `{"model":"m","messages":[${'{},'.repeat(count)}0]}`

  it('reads a small body at once', async () => {
    const { results, ended } = read(bodyOf(10))
    await ended
    expect(results).toMatchObject([{ kind: 'envelope', envelope: { model: 'm' } }])
  })

  it.each([
    [bodyOf(1_000_000), { kind: 'envelope', envelope: { model: 'm' } }],
    [`${bodyOf(1_000_000)}x`, { kind: 'fault', reason: 'not-json' }],
  ])('reads a large body while everything else goes on', async (body, outcome) => {
    const { results, ended } = read(body)
    await ended
    expect(results).toEqual([])
    let rounds = 0
    while (results.length === 0 && rounds < 1_000) {
      await new Promise((resolve) => setImmediate(resolve))
      rounds += 1
    }
    expect(results).toMatchObject([outcome])
    expect(rounds).toBeGreaterThan(body.length / 70_000)
  })

  it('leaves a large body unread when its client has gone', async () => {
    const { request, results, ended } = read(bodyOf(100_000))
    await ended
    request.socket.destroyed = true
    for (let round = 0; round < 50; round += 1)
      await new Promise((resolve) => setImmediate(resolve))
    expect(results).toEqual([])
  })
})
