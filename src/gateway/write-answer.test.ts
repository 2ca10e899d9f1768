import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CLIENT_STALL_MS, errorEvent, writeWhole } from './write-answer.ts'

const waitReally = globalThis.setTimeout
const wait = (ms: number) => new Promise((resolve) => waitReally(resolve, ms))

/** A response to a client that reads nothing until its socket is resumed. */
async function openUnread() {
  const responses: ServerResponse[] = []
  const server = createServer((_request, response) => void responses.push(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let sizeBytes = 0
  socket.on('data', (part) => {
    sizeBytes += part.length
  })
  socket.pause().write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  onTestFinished(() => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  await vi.waitFor(() => expect(responses).toHaveLength(1))
  const [response] = responses
  if (response === undefined) throw new Error('no request came')
  return { response, socket, sizeBytes: () => sizeBytes }
}

function withoutTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

const LARGE = Buffer.alloc(40_000_000, 0x20)
const json = { 'content-type': 'application/json' }

describe('a whole answer', () => {
  it('closes the connection of a client that takes none of it for five minutes', async () => {
    const { response } = await openUnread()
    withoutTimers()
    writeWhole(response, { status: 200, upstream: json, own: [], body: LARGE })
    await wait(200) // all buffers are full now
    vi.advanceTimersByTime(CLIENT_STALL_MS - 1_000)
    await wait(20)
    expect(response.destroyed).toBe(false)
    vi.advanceTimersByTime(2_000)
    await wait(20)
    expect(response.destroyed).toBe(true)
  })

  it('waits for a client that takes its time but takes it', async () => {
    const { response, socket, sizeBytes } = await openUnread()
    withoutTimers()
    writeWhole(response, { status: 200, upstream: json, own: [], body: LARGE })
    await wait(200)
    for (let round = 0; round < 3; round += 1) {
      vi.advanceTimersByTime(CLIENT_STALL_MS - 10_000)
      socket.resume()
      await wait(10)
      socket.pause()
      await wait(50)
    }
    expect(response.destroyed).toBe(false)
    socket.resume()
    for (let tries = 0; sizeBytes() < LARGE.length && tries < 100; tries += 1) await wait(20)
    expect(sizeBytes()).toBeGreaterThan(LARGE.length)
    vi.advanceTimersByTime(CLIENT_STALL_MS * 2)
    expect(socket.destroyed).toBe(false) // kept for its next request
  })
})

describe('errorEvent', () => {
  it.each([
    ['{\n "error": {"message":"a"}\n}', '{"error":{"message":"a"}}'],
    ['{"detail":"b"}', '{"error":{"detail":"b","code":422}}'],
    ['[1]', '{"error":{"code":422}}'],
  ])('shows %j on one line, under the name that clients look for', (body, data) => {
    expect(errorEvent(Buffer.from(body), 422).toString()).toBe(`data: ${data}\n\n`)
  })
})
