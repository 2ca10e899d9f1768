import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { recorder } from '../../tests/support/terminal.ts'
import { describeMade } from './keys-revoke.ts'
import { runCommandLine } from './program.ts'

const blank = { revoked_at: null, expires_at: null, home: null, is_owner_key: false }
const keys = [
  { ...blank, id: '1', name: 'own', prefix: 'baimo_a', role: 'owner', person_id: 'p' },
  { ...blank, id: '2', name: 'other', prefix: 'baimo_b', role: 'owner', person_id: 'p' },
  { ...blank, id: '3', name: 'last', prefix: 'baimo_c', role: 'owner', person_id: 'q' },
  { ...blank, id: '4', name: 'bot', prefix: 'baimo_d', role: 'member', person_id: 'r' },
  { ...blank, id: '5', name: 'owner.key', prefix: 'baimo_e', role: 'owner', home: 'alpha:/srv' },
  { ...blank, id: '6', name: 'owner.key', prefix: 'baimo_f', role: 'owner', home: 'beta:/srv' },
  { ...blank, id: '7', name: 'gone', prefix: 'baimo_g', role: 'member', revoked_at: '2026-11-25' },
].map((key) => ({ person_id: null, ...key }))
const made = {
  keys: [{ id: '8', name: 'x' }],
  people: [{ id: '9', name: 'Stranger' }],
  session_count: 1,
  link_count: 0,
}

let server: Server
let deleted: string[] = []
beforeEach(async () => {
  deleted = []
  server = createServer((request, response) => {
    const path = request.url ?? ''
    if (request.method === 'DELETE') {
      deleted.push(path)
      const isMade = path.includes('with_made=true')
      response.end(JSON.stringify({ id: 'x', is_made_revoked: isMade, made }))
    } else if (path === '/api/me') response.end(JSON.stringify({ key: { id: '1' } }))
    else if (path.endsWith('/made')) response.end(JSON.stringify(made))
    else response.end(JSON.stringify({ data: keys, next_cursor: null }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function revoke(...args: string[]) {
  const { port } = server.address() as AddressInfo
  const env = { BAIMO_URL: `http://127.0.0.1:${port}`, BAIMO_KEY: 'k' }
  const terminal = recorder()
  const code = await runCommandLine(['keys', 'revoke', ...args], terminal, env)
  return { code, ...terminal.said }
}

it('revokes a key, says what it made that lives on, and how to end that', async () => {
  const { code, out } = await revoke('bot')
  expect([code, deleted]).toEqual([0, ['/api/keys/4']])
  expect(out).toContain('It made what lives on: 1 key (x), 1 person (Stranger), 1 open session.\n')
  expect(out).toContain('baimo keys revoke 4 --with-made')
})

it.each([
  ['own', 'This command itself uses the key'],
  ['last', 'It is the last key of an owner.'],
])('asks before it revokes %s; where nobody can answer, it says what to do', async (name, why) => {
  const asked = await revoke(name)
  expect([asked.code, deleted]).toEqual([2, []])
  expect(asked.err).toContain(why)
  expect(asked.err).toContain('--yes')
  expect((await revoke(name, '--yes')).code).toBe(0)
  expect(deleted).toHaveLength(1)
})

it('does not ask about another key of an owner who keeps one', async () => {
  expect((await revoke('other')).code).toBe(0)
})

it('ends what a key made only after a yes, of a revoked key too', async () => {
  const asked = await revoke('bot', '--with-made')
  expect([asked.code, deleted]).toEqual([2, []])
  expect(asked.err).toContain('It ends what the key made: 1 key (x), 1 person (Stranger)')
  const done = await revoke('bot', '--with-made', '--yes')
  expect([done.code, deleted]).toEqual([0, ['/api/keys/4?with_made=true']])
  expect(done.out).toContain('Ended with it: 1 key (x)')
  expect(done.out).toContain('baimo people remove PERSON')
  expect((await revoke('gone')).code).toBe(1)
  expect((await revoke('gone', '--with-made', '--yes')).code).toBe(0)
})

it('tells owner’s keys of several homes apart', async () => {
  const { code, err } = await revoke('owner.key', '--yes')
  expect([code, deleted]).toEqual([1, []])
  expect(err).toContain('5 (baimo_e of alpha:/srv), 6 (baimo_f of beta:/srv)')
})

it('answers programs with what the market said', async () => {
  const { out } = await revoke('bot', '--json')
  expect(JSON.parse(out)).toMatchObject({ is_revoked: true, is_made_revoked: false, made })
})

it('tells what was made in a few words', () => {
  const nothing = { keys: [], people: [], session_count: 0, link_count: 0 }
  expect(describeMade(nothing)).toBeNull()
  expect(describeMade({ ...nothing, session_count: 2, link_count: 1 })).toBe(
    '2 open sessions, 1 unused link',
  )
  const many = Array.from({ length: 25 }, (_, index) => ({ name: `k${index}` }))
  expect(describeMade({ ...nothing, keys: many as never })).toMatch(
    /^25 keys \(k0, .*k19, 5 more\)$/,
  )
})
