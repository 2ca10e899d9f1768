import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Recorder, recorder } from '../../tests/support/terminal.ts'
import type { KeyAnswer } from './answers.ts'
import { stateOf } from './key-state.ts'
import { nameMaker } from './keys.ts'
import { runCommandLine } from './program.ts'

let server: Server
let asked: string[] = []
let mayRevoke = true
let mayLimit = true
beforeEach(async () => {
  asked = []
  mayRevoke = true
  mayLimit = true
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const isUnknown = request.url === '/api/models/nope/none'
    const isUnlimited = request.method === 'PUT' && !mayLimit
    const isRefused = isUnknown || isUnlimited || (request.method === 'DELETE' && !mayRevoke)
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

it('limits a key in the same command; one that cannot be limited is revoked', async () => {
  const limits = ['--requests-per-minute', '60', '--tokens-per-minute', '100k']
  expect(await run(recorder(), ...limits)).toBe(0)
  expect(asked).toEqual(['POST /api/keys', 'PUT /api/limits/key/7'])
  asked = []
  mayLimit = false
  const terminal = recorder()
  expect(await run(terminal, ...limits)).toBe(1)
  expect(asked).toEqual(['POST /api/keys', 'PUT /api/limits/key/7', 'DELETE /api/keys/7'])
  expect(terminal.said.out).toBe('')
  expect(terminal.said.err).toContain('The limits could not be set (No such.). The key was revoked')
})

it('tells who made a key, with which key, or where it lies', () => {
  const base = { home: null, is_owner_key: false, made_by: null, id: '1', name: 'a' } as KeyAnswer
  const holders = new Map([['p', 'Ann']])
  const madeBy = { key_id: null, subject_id: 's', person_id: 'p' }
  const tell = (change: Partial<KeyAnswer>) => nameMaker({ ...base, ...change }, [base], holders)
  expect(tell({})).toBe('unknown')
  expect(tell({ is_owner_key: true })).toBe('a start')
  expect(tell({ is_owner_key: true, home: 'alpha:/srv' })).toBe('start of alpha:/srv')
  expect(tell({ made_by: madeBy })).toBe('Ann')
  expect(tell({ made_by: { ...madeBy, key_id: '1' } })).toBe('Ann with a')
  expect(tell({ made_by: { ...madeBy, person_id: null, key_id: '2' } })).toBe('somebody with a key')
})

it('tells good, expired and revoked keys apart', () => {
  const nowMs = Date.parse('2026-11-25T12:00:00Z')
  const never = { revoked_at: null, expires_at: null }
  expect(stateOf(never, nowMs)).toBe('good')
  expect(stateOf({ ...never, expires_at: '2026-11-25T12:00:01Z' }, nowMs)).toBe('good')
  expect(stateOf({ ...never, expires_at: '2026-11-25T12:00:00Z' }, nowMs)).toBe('expired')
  expect(stateOf({ ...never, revoked_at: '2026-11-01T00:00:00Z' }, nowMs)).toBe('revoked')
})
