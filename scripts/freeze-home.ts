// Freezes a small home made by this version as rows, so that later versions test upgrades from it.
//   node scripts/freeze-home.ts tests/fixtures/home-VERSION
// Rows, not binaries: the tables as JSON with the names of the migrations that made them, and the
// two key files. They open nothing but this fixture.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { packageRoot } from '../src/config.ts'
import { startMarket } from '../tests/support/market.ts'
import { openScriptedUpstream } from '../tests/upstream/scripted-upstream.ts'

const target = process.argv[2]
if (target === undefined) throw new Error('usage: node scripts/freeze-home.ts FOLDER')

const upstream = await openScriptedUpstream({
  key: 'upstream-secret',
  modelList: {
    object: 'list',
    data: ['acme/normal', 'acme/other'].map((id) => ({ id, object: 'model' })),
  },
})
const market = await startMarket()
try {
  await fill(market, upstream.baseUrl)
  const tables = await readTables(join(market.home, 'run', 'pg'))
  mkdirSync(target, { recursive: true })
  // The machine it was made on is nobody's business; a home may move besides.
  const text = JSON.stringify(tables, null, 1).replaceAll(packageRoot, '/opt/baimo')
  writeFileSync(join(target, 'tables.json'), `${text}\n`)
  for (const name of ['owner.key', 'secret.key']) {
    writeFileSync(join(target, name), readFileSync(join(market.home, name)))
  }
  console.log(`froze ${Object.keys(tables.rows).length} tables in ${target}`)
} finally {
  await market.stop()
  await upstream.close()
}

/** A bit of everything this version keeps. */
async function fill(running: { url: string; ownerKey: string }, upstreamUrl: string) {
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(running.url + path, {
      method,
      headers: { authorization: `Bearer ${running.ownerKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
  const member = await call('POST', '/api/people', { name: 'Member', role: 'member' })
  const team = await call('POST', '/api/teams', { name: 'Team' })
  await call('PUT', `/api/teams/${team.id}/members/${member.id}`)
  await call('POST', '/api/keys', { name: 'limited', scopes: ['chat'], models: ['acme/normal'] })
  await call('POST', '/api/keys', { name: 'of the team', team_id: team.id })
  await call('POST', '/api/organisations', { name: 'Guests', owner: { name: 'Guest' } })
  await call('POST', '/api/providers', {
    url: upstreamUrl,
    name: 'scripted',
    key: 'upstream-secret',
    models: ['acme/normal'],
  })
  await call('PUT', '/api/aliases/gpt-4', { target: 'acme/normal' })
  await call('PATCH', '/api/models/acme/normal', {
    facts: { licence: { value: 'Apache-2.0', source: 'model card' } },
  })
  const ask = { model: 'gpt-4', messages: [{ role: 'user', content: 'Hello' }] }
  await call('POST', '/v1/chat/completions', ask)
  await call('POST', '/v1/embeddings', { model: 'acme/normal', input: 'Hello' })
}

async function readTables(socketFolder: string) {
  const client = new pg.Client({ host: socketFolder, user: 'baimo', database: 'baimo' })
  await client.connect()
  try {
    const names = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'baimo' order by 1`,
    )
    const rows: Record<string, unknown[]> = {}
    for (const { name } of names.rows) {
      const all = await client.query(`select to_jsonb(t) as row from baimo."${name}" t order by 1`)
      if (all.rows.length > 0) rows[name] = all.rows.map(({ row }) => row)
    }
    return { rows }
  } finally {
    await client.end()
  }
}
