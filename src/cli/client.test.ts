import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { recorder } from '../../tests/support/terminal.ts'
import { MarketClient } from './client.ts'
import { runCommandLine } from './program.ts'

let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = null
})

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

function clientOf(url: string, silenceLimitMs: number): MarketClient {
  return new MarketClient({ url, urlSource: 'home', key: 'k', keySource: 'x' }, silenceLimitMs)
}

it.each([
  ['before its answer', () => {}],
  ['in the middle of it', (_, response) => void response.write('{"da')],
] satisfies [string, RequestListener][])(
  'gives up a market that is silent %s',
  async (_, answer) => {
    const url = await serve(answer)
    const call = clientOf(url, 100).get('/api/models')
    await expect(call).rejects.toMatchObject({
      message: expect.stringContaining(`${url} takes connections and does not answer`),
      facts: { code: 'cli_market_silent', url },
    })
  },
)

it('waits for what may take long', async () => {
  const url = await serve((_, response) => setTimeout(() => response.end('{"a":1}'), 250))
  expect(await clientOf(url, 50).get('/x', { mayTakeLong: true })).toEqual({ a: 1 })
})

it('shows on a terminal whom it waits for', async () => {
  const url = await serve((_, response) => setTimeout(() => response.end('<html>'), 2_700))
  const screen = recorder('', { isErrTerminal: true })
  const env = { BAIMO_URL: url, BAIMO_KEY: 'k' }
  expect(await runCommandLine(['ask', 'acme/lion', 'hi'], screen, env)).toBe(1)
  expect(screen.said.err).toContain(`Waiting for acme/lion of ${url} … 2.`)
})

it.each([['ask', 'm', 'hi', '--json'], ['ask', 'm', 'hi'], ['models', '--json'], ['models']])(
  'says of something else at the address that it is no market: %s %s',
  async (...args) => {
    const url = await serve((_, response) => void response.end('{"hello":"world"}'))
    const terminal = recorder()
    expect(await runCommandLine(args, terminal, { BAIMO_URL: url, BAIMO_KEY: 'k' })).toBe(1)
    if (!args.includes('--json'))
      return expect(terminal.said.err).toContain(`No market answers at ${url}`)
    expect(JSON.parse(terminal.said.err).error).toMatchObject({ code: 'cli_market_unreachable' })
  },
)
