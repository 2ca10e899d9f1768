import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { silentLog } from '../src/kernel/index.ts'
import { openHome, openStore } from '../src/store/index.ts'
import { createTestDatabase, migrations } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { startMarket, startRefusedMarket } from './support/market.ts'
import { openScriptedUpstream } from './upstream/scripted-upstream.ts'

const folder = join(import.meta.dirname, 'fixtures')
const frozen = readdirSync(folder).filter((name) => name.startsWith('home-'))

interface Tables {
  readonly rows: Readonly<Record<string, readonly Record<string, unknown>[]>>
}

/** Builds the home that a fixture was frozen from: its schema, then its rows, then its keys. */
async function thaw(name: string, providerUrl: string): Promise<string> {
  const path = makeQuickFolder('baimo-upgrade-')
  const { rows } = JSON.parse(readFileSync(join(folder, name, 'tables.json'), 'utf8')) as Tables
  const applied = new Set(rows.migrations?.map((row) => row.name))
  const home = openHome(path)
  const store = await openStore({
    home,
    databaseUrl: null,
    log: silentLog,
    onProgress: () => undefined,
    migrations: migrations.filter((migration) => applied.has(migration.name)),
  })
  const client = await store.pool.connect()
  // The rows come in any order: foreign keys are not checked while they do.
  await client.query("set session_replication_role = 'replica'")
  for (const [table, all] of Object.entries(rows)) {
    if (table === 'migrations') continue
    await client.query(`delete from "${table}"`)
    await client.query(
      `insert into "${table}" select * from jsonb_populate_recordset(null::"${table}", $1)`,
      [JSON.stringify(all)],
    )
  }
  await client.query("update providers set base_url = $1 where name = 'scripted'", [providerUrl])
  await client.query("set session_replication_role = 'origin'")
  client.release()
  await store.close()
  home.close()
  for (const key of ['owner.key', 'secret.key']) {
    copyFileSync(join(folder, name, key), join(path, key))
  }
  return path
}

test('at least one home of an earlier version is frozen', () => {
  expect(frozen.length).toBeGreaterThan(0)
})

test.each(frozen)('%s opens with this version and keeps all that was in it', async (name) => {
  const upstream = await openScriptedUpstream({ key: 'upstream-secret' })
  const home = await thaw(name, upstream.baseUrl)
  const market = await startMarket({ home })
  try {
    const frozenKey = readFileSync(join(folder, name, 'owner.key'), 'utf8').trim()
    expect(market.ownerKey, 'the owner keeps the key').toBe(frozenKey)
    const call = async (method: string, path: string, body?: object) => {
      const answer = await fetch(market.url + path, {
        method,
        headers: { authorization: `Bearer ${frozenKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      expect(answer.status, `${method} ${path} answered ${text}`).toBe(200)
      return JSON.parse(text)
    }
    expect((await call('GET', '/api/usage')).data).toHaveLength(2)
    expect((await call('GET', '/api/people')).data).toHaveLength(2)
    expect((await call('GET', '/api/teams')).data).toHaveLength(1)
    expect((await call('GET', '/api/keys')).data).toHaveLength(3)
    expect((await call('GET', '/api/aliases')).data).toMatchObject([{ alias: 'gpt-4' }])
    const messages = [{ role: 'user', content: '17 + 25 =' }]
    // The provider's key was sealed then and opens now: the upstream refuses calls without it.
    await call('POST', '/v1/chat/completions', { model: 'gpt-4', messages })
    // The house models lay in another folder then.
    await call('POST', '/v1/chat/completions', { model: 'abacus-small', messages })
    expect((await call('GET', '/api/usage')).data).toHaveLength(4)
  } finally {
    await market.stop()
    await upstream.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  }
})

test('starts beside a newer version that only expanded the schema, and beside no other', async () => {
  const databaseUrl = await createTestDatabase()
  const apply = async (name: string, kind: string) => {
    const client = new pg.Client(databaseUrl)
    await client.connect()
    const row = [name, 'of a later version', kind]
    await client.query(
      'insert into baimo.migrations (name, checksum, kind) values ($1, $2, $3)',
      row,
    )
    await client.end()
  }
  await apply('9998-more', 'expand')
  const market = await startMarket({ env: { DATABASE_URL: databaseUrl } })
  await expect.poll(() => market.output()).toContain('9998-more')
  expect((await fetch(`${market.url}/readyz`)).status).toBe(200)
  await market.stop()
  await apply('9999-less', 'contract')
  const { code, output } = await startRefusedMarket({ env: { DATABASE_URL: databaseUrl } })
  expect(code).toBe(1)
  expect(output.trim().split('\n')).toEqual([expect.stringContaining('9999-less')])
})
