import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { recorder } from '../../tests/support/terminal.ts'
import type { JsonObject } from '../kernel/index.ts'
import { runCommandLine } from './program.ts'

const provider = {
  id: '0198c0de-0000-7000-8000-000000000001',
  kind: 'vllm',
  name: 'box',
  base_url: 'http://10.0.0.5:8000/v1',
  has_key: true,
  listing_count: 3,
  on_count: 1,
  off_count: 0,
  resilience: { set: { retries: 0 }, in_force: { retries: 0, falls_back: true } },
  refreshed_at: null,
}
const listing = {
  id: '0198c0de-0000-7000-8000-000000000002',
  model: 'acme/lion',
  provider: { id: provider.id, name: 'box', kind: 'vllm' },
  upstream_model: 'lion',
  is_on: true,
  is_live: true,
  facts: {},
  resilience: { set: { falls_back: false }, in_force: { retries: 0, falls_back: false } },
  vanished_at: null,
}

let server: Server
let asked: { line: string; body: JsonObject | null }[]
beforeEach(async () => {
  asked = []
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    asked.push({
      line: `${request.method} ${request.url}`,
      body: text === '' ? null : JSON.parse(text),
    })
    if (request.method === 'DELETE') response.writeHead(204).end()
    else response.end(JSON.stringify(answerTo(request.url ?? '')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function answerTo(path: string): object {
  if (path === '/api/providers') return { data: [provider], next_cursor: null }
  if (path.startsWith('/api/providers/')) return { provider, listings: [listing] }
  const off = { ...listing, is_on: false, is_live: false }
  if (path.endsWith('/cub')) return { name: 'acme/cub', listings: [off] }
  return path.startsWith('/api/listings/') ? listing : { name: 'acme/lion', listings: [listing] }
}

async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const terminal = recorder('sk-new\n')
  const { port } = server.address() as AddressInfo
  const environment = { BAIMO_URL: `http://127.0.0.1:${port}`, BAIMO_KEY: 'k' }
  const exit = await runCommandLine(args, terminal, environment)
  return { exit, ...terminal.said }
}

it('lists providers with what they serve and what is set', async () => {
  expect((await run('providers')).out).toBe(
    'NAME  KIND  ADDRESS                  KEY   MODELS           SET\n' +
      'box   vllm  http://10.0.0.5:8000/v1  kept  1 on, 2 offered  retries 0\n',
  )
  expect(JSON.parse((await run('providers', '--json')).out)).toEqual({ data: [provider] })
})

it('shows one with every setting that counts', async () => {
  const { out } = await run('providers', 'show', 'BOX')
  expect(out).toContain('box (vllm) at http://10.0.0.5:8000/v1, key kept')
  expect(out).toMatch(/retries +0 +set\nfallback +on\n/)
})

it('sets what is given and nothing else', async () => {
  const set = await run('providers', 'set', 'box', '--retries', '0', '--idle-timeout', '60s')
  expect(set.out).toContain('Set for box at http://10.0.0.5:8000/v1:')
  expect(asked.at(-1)).toEqual({
    line: `PATCH /api/providers/${provider.id}`,
    body: { resilience: { retries: 0, idle_timeout_ms: 60_000 } },
  })
  await run('providers', 'set', 'box', '--name', 'crate', '--key-file', '-')
  expect(asked.at(-1)?.body).toEqual({ name: 'crate', key: 'sk-new' })
  await run('providers', 'set', 'box', '--url', 'http://10.0.0.6:8000')
  expect(asked.at(-1)?.body).toEqual({ url: 'http://10.0.0.6:8000' })
  const nothing = await run('providers', 'set', 'box')
  expect([nothing.exit, asked.length]).toEqual([2, 6])
})

it('reads a list anew, and removes only when told twice', async () => {
  expect((await run('providers', 'refresh', 'box')).out).toBe('box: 1 on, 2 offered.\n')
  const unsure = await run('providers', 'remove', 'box')
  expect(unsure.exit).toBe(2)
  expect(asked.some(({ line }) => line.startsWith('DELETE'))).toBe(false)
  const sure = await run('providers', 'remove', 'box', '--yes', '--json')
  expect(JSON.parse(sure.out)).toEqual({ id: provider.id, is_removed: true })
  expect((await run('providers', 'remove', 'bax', '--yes')).err).toContain('no provider "bax"')
})

it('says what is off already, and switches nothing', async () => {
  const was = await run('models', 'off', 'acme/cub')
  expect(was).toMatchObject({ exit: 0, out: 'acme/cub is off already.\n' })
  expect(asked.some(({ line }) => line.startsWith('PATCH'))).toBe(false)
})

it('sets for a model’s only listing what to do when it fails', async () => {
  const { out } = await run('models', 'set', 'acme/lion', '--no-fallback')
  expect(out).toBe('Set for the listing of acme/lion at box: fallback off\n')
  expect(asked.at(-1)).toEqual({
    line: `PATCH /api/listings/${listing.id}`,
    body: { resilience: { falls_back: false } },
  })
  for (const args of [['licence'], [], ['licence', 'MIT', '--retries', '1', '--source', 's']])
    expect((await run('models', 'set', 'acme/lion', ...args)).exit).toBe(2)
})
