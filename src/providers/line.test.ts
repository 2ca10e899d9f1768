import { createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { endpointAt } from '../../tests/support/raw-upstream.ts'
import { collect, jsonOf } from '../../tests/upstream/collect.ts'
import { openProviders } from './index.ts'
import { withoutContinue } from './line.ts'

const BODY = '{"choices":[{"message":{"content":"hi"}}]}'
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** A server that is told each request: which it is in all, and which on its connection. */
async function open(answer: (socket: Socket, count: number, onConnection: number) => void) {
  let count = 0
  const server = createServer((socket) => {
    let onConnection = 0
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (!bytes.includes('POST ')) return
      count += 1
      onConnection += 1
      answer(socket, count, onConnection)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const providers = openProviders({ connections: 1 })
  onTestFinished(async () => {
    await providers.close()
    await new Promise((resolve) => server.close(resolve))
  })
  const endpoint = endpointAt(port)
  const ask = () => collect(providers, endpoint, { model: 'm', messages: [] }).done
  return { ask, count: () => count }
}

it.each(['destroy', 'resetAndDestroy', 'end'] as const)(
  'a connection that was closed while it rested (%s) costs no request',
  async (close) => {
    const { ask, count } = await open((socket, _count, onConnection) => {
      if (onConnection > 1) socket[close]()
      else socket.write(ANSWER)
    })
    for (let at = 0; at < 5; at += 1) expect(jsonOf((await ask()).body)).toEqual(JSON.parse(BODY))
    expect(count()).toBe(7) // every other one found its connection dead
  },
)

it('a request is sent again but once, and only where the connection was used before', async () => {
  const dead = await open((socket, count) => {
    if (count > 1) socket.destroy()
    else socket.write(ANSWER)
  })
  await dead.ask()
  await expect(dead.ask()).resolves.toMatchObject({ error: { code: 'providers_connection_lost' } })
  expect(dead.count()).toBe(3)
  await expect(dead.ask()).resolves.toMatchObject({ error: { code: 'providers_connection_lost' } })
  expect(dead.count()).toBe(4)
})

it('a request is not sent again once a byte of its answer came', async () => {
  const { ask, count } = await open((socket, at) => {
    if (at === 1) socket.write(ANSWER)
    else socket.end('HTTP/1.1 200 OK\r\ncontent-ty')
  })
  await ask()
  await expect(ask()).resolves.toMatchObject({ error: { code: 'providers_connection_lost' } })
  expect(count()).toBe(2)
})

it.each([
  ['at once with the answer', CONTINUE + ANSWER, ''],
  ['twice', CONTINUE + CONTINUE + ANSWER, ''],
  ['before it, by itself', CONTINUE, ANSWER],
])('a 100 that nobody asked for is looked past: %s', async (_name, first, second) => {
  const { ask } = await open((socket) => {
    socket.write(first)
    if (second !== '') setTimeout(() => socket.write(second), 30)
  })
  for (let at = 0; at < 3; at += 1) expect(jsonOf((await ask()).body)).toEqual(JSON.parse(BODY))
})

it('withoutContinue leaves everything else as it is', () => {
  for (const text of ['', 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 100 Cont', 'HTTP/1.1 1000 x']) {
    expect(withoutContinue(Buffer.from(text)).toString()).toBe(text)
  }
})
