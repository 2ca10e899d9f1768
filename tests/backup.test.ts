import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmptyDatabase, useTestServer } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket } from './support/market.ts'
import { maySkip } from './support/may-skip.ts'
import { hasDebian15 } from './support/postgres.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

const KEY = 'sk-of-the-provider'
let upstream: ScriptedUpstream
let folder = ''

beforeAll(async () => {
  upstream = await openScriptedUpstream({ modelList: ['acme/normal'], key: KEY })
  folder = makeQuickFolder('baimo-backup-')
})
afterAll(async () => {
  await upstream.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
})

function call(market: Market, path: string, body?: object): Promise<Response> {
  return fetch(`${market.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** Adds a provider with a key and asks it once; resolves to the id of the request. */
async function use(market: Market): Promise<string> {
  const provider = { url: upstream.baseUrl, name: 'box', key: KEY, models: ['acme/normal'] }
  expect((await call(market, '/api/providers', { kind: 'generic', ...provider })).status).toBe(201)
  return ask(market)
}

async function ask(market: Market): Promise<string> {
  const messages = [{ role: 'user', content: 'Hello' }]
  const answer = await call(market, '/v1/chat/completions', { model: 'acme/normal', messages })
  expect(answer.status).toBe(200)
  await answer.text()
  return answer.headers.get('x-request-id') ?? ''
}

test('a copy of the stopped home, at another path, has everything and goes on', async () => {
  const home = join(folder, 'home')
  const before = await startMarket({ home })
  const id = await use(before)
  await before.stop()
  const copy = join(folder, 'restored')
  cpSync(home, copy, { recursive: true, preserveTimestamps: true })
  rmSync(home, { recursive: true })
  for (const name of ['owner.key', 'secret.key'])
    expect(statSync(join(copy, name)).mode & 0o777).toBe(0o600)

  const after = await startMarket({ home: copy })
  try {
    expect(after.ownerKey).toBe(before.ownerKey)
    expect((await call(after, `/api/usage/${id}`)).status).toBe(200)
    expect(await ask(after)).not.toBe(id) // with the provider's key, which was sealed
    expect(upstream.calls().at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`)
  } finally {
    await after.stop()
  }
}, 120_000)

describe.skipIf(maySkip(!hasDebian15))('a database of your own', () => {
  const server = useTestServer('debian15')

  test('comes back by pg_dump and pg_restore, with the secret file beside it', async () => {
    const { host } = server()
    const secretFile = join(folder, 'kept-apart.key')
    const homeOf = (name: string) => {
      mkdirSync(join(folder, name))
      return join(folder, name)
    }
    const open = (name: string, databaseUrl: string) =>
      startMarket({
        home: homeOf(name),
        env: { DATABASE_URL: databaseUrl, BAIMO_SECRET_FILE: secretFile },
      })
    const [from, to] = [await createEmptyDatabase({ host }), await createEmptyDatabase({ host })]
    const before = await open('first', from)
    const id = await use(before)
    const dump = join(folder, 'baimo.dump')
    // While it runs: a dump is of one moment.
    run('pg_dump', ['--format=custom', '--schema=baimo', `--file=${dump}`, from])
    await before.stop()
    expect(existsSync(secretFile)).toBe(true)
    run('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${to}`, dump])

    const after = await open('second', to)
    try {
      const usage = await fetch(`${after.url}/api/usage/${id}`, {
        headers: { authorization: `Bearer ${before.ownerKey}` }, // the keys came along, too
      })
      expect(usage.status).toBe(200)
      await ask(after)
      expect(upstream.calls().at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`)
    } finally {
      await after.stop()
    }
  }, 120_000)
})

function run(program: string, args: readonly string[]): void {
  execFileSync(join('/usr/lib/postgresql/15/bin', program), args, { stdio: 'pipe' })
}
