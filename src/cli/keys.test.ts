import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Recorder, recorder } from '../../tests/support/terminal.ts'
import { stateOf } from './keys.ts'
import { runCommandLine } from './program.ts'

let server: Server
let asked: string[] = []
let mayRevoke = true
beforeEach(async () => {
  asked = []
  mayRevoke = true
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const isUnknown = request.url === '/api/models/nope/none'
    const isRefused = isUnknown || (request.method === 'DELETE' && !mayRevoke)
    response.writeHead(isRefused ? 404 : 200)
    response.end(isRefused ? '{"detail":"No such."}' : '{"id":"7","key":"secret"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function run(terminal: Recorder, ...args: string[]): Promise<number> {
  const { port } = server.address() as AddressInfo
  const env = { BAIMO_URL: `http://127.0.0.1:${port}`, BAIMO_KEY: 'k' }
  return runCommandLine(['keys', 'create', 'x', ...args], terminal, env)
}

function full(): Recorder {
  return recorder('', { deliver: () => Promise.reject(new Error('ENOSPC: no space left')) })
}

it.each([[[]], [['--json']]])('revokes a key whose secret cannot be written: %j', async (args) => {
  const terminal = full()
  expect(await run(terminal, ...args)).toBe(1)
  expect(asked).toEqual(['POST /api/keys', 'DELETE /api/keys/7'])
  expect(terminal.said.err).toContain('could not be written (ENOSPC: no space left), so nobody')
  expect(terminal.said.err).toContain('was revoked at once')
  expect(terminal.said).not.toMatchObject({ err: expect.stringContaining('secret"') })
})

it('says how to revoke it where that fails, too', async () => {
  mayRevoke = false
  const terminal = full()
  expect(await run(terminal)).toBe(1)
  expect(terminal.said.err).toContain(
    'could not be revoked either (No such.): "baimo keys revoke 7"',
  )
})

it('limits a key to models that are known, or to any when told so', async () => {
  const terminal = recorder()
  expect(await run(terminal, '--model', 'acme/lion,nope/none')).toBe(1)
  expect(asked).toEqual(['GET /api/models/acme/lion', 'GET /api/models/nope/none'])
  expect(terminal.said.err).toContain('--force')
  expect(await run(recorder(), '--model', 'nope/none', '--force')).toBe(0)
  expect(asked.at(-1)).toBe('POST /api/keys')
})

it('tells active, expired and revoked keys apart', () => {
  const nowMs = Date.parse('2026-11-25T12:00:00Z')
  const never = { revoked_at: null, expires_at: null }
  expect(stateOf(never, nowMs)).toBe('active')
  expect(stateOf({ ...never, expires_at: '2026-11-25T12:00:01Z' }, nowMs)).toBe('active')
  expect(stateOf({ ...never, expires_at: '2026-11-25T12:00:00Z' }, nowMs)).toBe('expired')
  expect(stateOf({ ...never, revoked_at: '2026-11-01T00:00:00Z' }, nowMs)).toBe('revoked')
})
