import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createEmptyDatabase, useTestServer } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket, startRefusedMarket } from './support/market.ts'
import { maySkip } from './support/may-skip.ts'
import { hasDebian15 } from './support/postgres.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

interface List {
  readonly data: readonly Record<string, unknown>[]
}

async function ask(market: Market, path: string, init: RequestInit & { key?: string } = {}) {
  const { key = market.ownerKey, ...rest } = init
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return fetch(`${market.url}${path}`, { ...rest, headers })
}

function post(market: Market, path: string, body: object, key?: string): Promise<Response> {
  const with_ = key === undefined ? {} : { key }
  return ask(market, path, { method: 'POST', body: JSON.stringify(body), ...with_ })
}

async function list(market: Market, path: string): Promise<List['data']> {
  const answer = await ask(market, path)
  expect(answer.status, `${path}: ${await answer.clone().text()}`).toBe(200)
  return ((await answer.json()) as List).data
}

/** Asks again and again, as callers do, until the status is there: how long that took. */
async function timeTo(status: number, request: () => Promise<Response>): Promise<number> {
  const beganMs = performance.now()
  for (;;) {
    const found = (await request()).status
    const tookMs = performance.now() - beganMs
    if (found === status || tookMs > 5_000) return tookMs
    await pause(5)
  }
}

describe.each([
  { server: 'the embedded PostgreSQL 18', isDebian: false },
  { server: 'PostgreSQL 15', isDebian: true },
])('four replicas that start together on an empty database of $server', ({ isDebian }) => {
  if (isDebian && maySkip(!hasDebian15)) return
  const debian = isDebian ? useTestServer('debian15') : null
  let folder: string
  let url: string
  let upstream: ScriptedUpstream
  let markets: Market[]
  let env: Record<string, string>

  beforeAll(async () => {
    folder = makeQuickFolder('baimo-replicas-')
    url = await createEmptyDatabase({ host: debian?.().host ?? inject('postgresHost') })
    upstream = await openScriptedUpstream({ key: 'upstream-secret' })
    env = { DATABASE_URL: url, BAIMO_SECRET_FILE: join(folder, 'secret.key') }
    markets = await Promise.all([1, 2, 3, 4].map(() => startMarket({ env })))
  }, 120_000)
  afterAll(async () => {
    await Promise.all(markets.map((market) => market.stop()))
    await upstream.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const pair = (): [Market, Market] => {
    const [one, other] = markets
    if (one === undefined || other === undefined) throw new Error('four are started')
    return [one, other]
  }
  const makeKey = async (market: Market): Promise<{ id: string; key: string }> => {
    const answer = await post(market, '/api/keys', { name: 'test' })
    expect(answer.status, market.output()).toBe(201)
    return (await answer.json()) as { id: string; key: string }
  }

  it('set the house up once: one owner, one of each house model, each migration once', async () => {
    for (const market of markets) {
      expect(await list(market, '/api/organisations')).toHaveLength(1)
      expect(await list(market, '/api/people')).toHaveLength(1)
      const names = (await list(market, '/api/listings')).map(({ upstream_model: name }) => name)
      expect(names).toEqual([...new Set(names)])
    }
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query(
      'select count(*)::int as all, count(distinct name)::int as names from baimo.migrations',
    )
    await client.end()
    expect(rows[0].all).toBe(rows[0].names)
  })

  it('know a key that was made at another at once', async () => {
    const [one] = pair()
    const { key } = await makeKey(one)
    const statuses = await Promise.all(
      markets.map(async (market) => (await ask(market, '/api/me', { key })).status),
    )
    expect(statuses).toEqual([200, 200, 200, 200])
  })

  it('refuse a key that was revoked at another within a second', async () => {
    const [one, other] = pair()
    for (const [maker, revoker] of [
      [one, other],
      [other, one],
    ] as const) {
      const { id, key } = await makeKey(maker)
      for (const market of markets) expect((await ask(market, '/api/me', { key })).status).toBe(200)
      expect((await ask(revoker, `/api/keys/${id}`, { method: 'DELETE' })).ok).toBe(true)
      const times = await Promise.all(
        markets.map((market) => timeTo(401, () => ask(market, '/api/me', { key }))),
      )
      expect(Math.max(...times)).toBeLessThan(1_000)
    }
  })

  it('see a person of another lose their role, and then everything, within a second', async () => {
    const [one] = pair()
    const made = await post(one, '/api/people', { name: 'A', role: 'admin' })
    expect(made.status, one.output()).toBe(201)
    const person = (await made.json()) as { id: string }
    const keyed = await post(one, '/api/keys', {
      name: 'theirs',
      scopes: ['all'],
      person_id: person.id,
    })
    const { key } = (await keyed.json()) as { key: string }
    const asThem = (market: Market) => () => ask(market, '/api/people', { key })
    for (const market of markets) expect((await asThem(market)()).status).toBe(200)
    const body = JSON.stringify({ role: 'member' })
    await ask(one, `/api/people/${person.id}`, { method: 'PATCH', body })
    const demoted = await Promise.all(markets.map((market) => timeTo(403, asThem(market))))
    await ask(one, `/api/people/${person.id}`, { method: 'DELETE' })
    const removed = await Promise.all(markets.map((market) => timeTo(401, asThem(market))))
    expect(Math.max(...demoted, ...removed)).toBeLessThan(1_000)
  })

  it('answer with a provider that was added at another, by its sealed key, and share usage', async () => {
    const [one, other] = pair()
    const added = await post(one, '/api/providers', {
      url: upstream.baseUrl,
      name: 'scripted',
      key: 'upstream-secret',
      models: ['acme/normal'],
    })
    expect(added.status, one.output()).toBe(201)
    const seen = await Promise.all(
      markets.map((market) => timeTo(200, () => ask(market, '/v1/models/acme/normal'))),
    )
    expect(Math.max(...seen)).toBeLessThan(1_000)
    const chat = { model: 'acme/normal', messages: [{ role: 'user', content: 'hello' }] }
    const ids: string[] = []
    for (const market of markets) {
      const answer = await post(market, '/v1/chat/completions', chat)
      expect(answer.status).toBe(200)
      ids.push(answer.headers.get('x-request-id') ?? '')
    }
    for (const market of markets) {
      const usage = (await list(market, '/api/usage')).map(({ id }) => id)
      expect(usage.toSorted()).toEqual(ids.toSorted())
    }
    expect((await ask(other, `/api/usage/${ids[0]}`)).status).toBe(200)
  })

  it('answer to a name that was given at another, and no longer once it was taken', async () => {
    const [one, other] = pair()
    const body = JSON.stringify({ target: 'baimo/abacus-small' })
    expect((await ask(one, '/api/aliases/sums', { method: 'PUT', body })).ok).toBe(true)
    const name = () => ask(other, '/v1/models/sums')
    expect(await timeTo(200, name)).toBeLessThan(1_000)
    await ask(other, '/api/aliases/sums', { method: 'DELETE' })
    expect(await timeTo(404, () => ask(one, '/v1/models/sums'))).toBeLessThan(1_000)
  })

  it('refuse one more whose secret file is another, in one line', async () => {
    const wrong = join(folder, 'wrong.key')
    writeFileSync(wrong, 'ab'.repeat(32), { mode: 0o600 })
    const { code, output } = await startRefusedMarket({ env: { ...env, BAIMO_SECRET_FILE: wrong } })
    expect(code).toBe(1)
    expect(output.trim().split('\n')).toEqual([expect.stringContaining('Put the right file back')])
  })
})
