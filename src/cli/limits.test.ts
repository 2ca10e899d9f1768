import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { recorder } from '../../tests/support/terminal.ts'
import { runCommandLine } from './program.ts'

const limitOf = (kind: string, id: string) => ({
  ...{ holder_kind: kind, holder_id: id, requests_per_minute: 5, tokens_per_minute: null },
  ...{ concurrent_requests: null, used: { requests: 1, tokens: null, concurrent: null } },
})
const LISTS: Readonly<Record<string, object[] | undefined>> = {
  '/api/limits': [
    ...[limitOf('person', 'gone-1'), limitOf('key', 'k-1'), limitOf('team', 't-1')],
    limitOf('key', 'k-9'),
  ],
  '/api/keys': [{ id: 'k-1', name: 'laptop', prefix: 'baimo_x', revoked_at: '2026-01-01' }],
  '/api/people': [],
  '/api/teams': [{ id: 't-1', name: 'Lab' }],
  '/api/organisations': [],
}

let server: Server
let asked: string[] = []
let hidden = ''
beforeEach(async () => {
  asked = []
  hidden = ''
  server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    if (path === hidden) response.writeHead(403)
    const me = { person: null, key: { id: 'k-9', name: 'mine', revoked_at: null } }
    response.end(JSON.stringify(path === '/api/me' ? me : { data: LISTS[path] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function run(...args: string[]): Promise<string> {
  const { port } = server.address() as AddressInfo
  const terminal = recorder()
  const env = { BAIMO_URL: `http://127.0.0.1:${port}`, BAIMO_KEY: 'k' }
  expect(await runCommandLine(['limits', ...args], terminal, env)).toBe(0)
  return terminal.said.out
}

it('tells whose limits they are, also of who was removed', async () => {
  const listed = await run()
  expect(listed).toMatch(/^person +gone-1 \(removed\) +1 of 5 +no limit +no limit$/m)
  expect(listed).toMatch(/^key +laptop \(revoked\) +1 of 5/m)
  expect(listed).toMatch(/^team +Lab +1 of 5/m)
})

it('takes nobody for removed whom the caller may not see', async () => {
  hidden = '/api/people'
  expect(await run()).toMatch(/^person +gone-1 +1 of 5/m)
})

it('names the key that asks, also where that may see no others', async () => {
  hidden = '/api/keys'
  expect(await run()).toMatch(/^key +mine +1 of 5/m)
})

it('removes what is listed by its id, whether whose it is still exists or not', async () => {
  expect(await run('remove', 'person', 'gone-1')).toBe('person gone-1 has no limits any more.\n')
  expect(await run('remove', 'key', 'k-1')).toContain('no limits any more')
  expect(asked.filter((line) => line.startsWith('DELETE'))).toEqual([
    'DELETE /api/limits/person/gone-1',
    'DELETE /api/limits/key/k-1',
  ])
})
