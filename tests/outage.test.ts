import { rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket } from './support/market.ts'
import { readPostmaster } from './support/postgres.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

let home: string
let market: Market
let upstream: ScriptedUpstream

beforeEach(async () => {
  home = makeQuickFolder('baimo-outage-')
  market = await startMarket({ home })
  upstream = await openScriptedUpstream()
  const body = { url: upstream.baseUrl, name: 'scripted', models: ['acme/normal'] }
  expect((await call('/api/providers', body)).status).toBe(201)
})
afterEach(async () => {
  await market.stop()
  await upstream.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
})

function call(path: string, body?: object): Promise<Response> {
  const headers = {
    authorization: `Bearer ${market.ownerKey}`,
    'content-type': 'application/json',
  }
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return fetch(market.url + path, { headers, ...sent })
}

const ask = (): Promise<Response> =>
  call('/v1/chat/completions', {
    model: 'acme/normal',
    messages: [{ role: 'user', content: 'say hello' }],
  })

async function onDatabase(statement: string): Promise<void> {
  const client = new pg.Client({ host: join(home, 'run', 'pg'), user: 'baimo', database: 'baimo' })
  await client.connect()
  await client.query(statement).finally(() => client.end())
}

test('while usage cannot be recorded no model is asked, and a stop loses none in silence', async () => {
  await onDatabase('alter table baimo.usage rename to usage_away')
  const first = await ask()
  expect(first.status).toBe(503)
  expect(await first.text()).toContain('metering_unavailable')
  const startedMs = performance.now()
  const second = await ask()
  expect(second.status).toBe(503)
  expect(second.headers.get('retry-after')).toBe('2')
  expect(performance.now() - startedMs).toBeLessThan(1_000)

  expect(await market.end('SIGTERM')).toBe(1)
  const lost = market.output().match(/usage record lost/g)
  expect(lost).toHaveLength(1)
  expect(market.output()).toContain(first.headers.get('x-request-id'))
})

test('a database that dies under running statements is away for a moment, and no more', async () => {
  const asking = Array.from({ length: 8 }, async () => {
    const answer = await call('/api/usage')
    return [answer.status, answer.headers.get('x-should-retry')]
  })
  process.kill(readPostmaster(join(home, 'pg'))?.pid ?? 0, 'SIGKILL')
  const during = await Promise.all([
    ...asking,
    call('/api/usage').then((answer) => [answer.status, answer.headers.get('x-should-retry')]),
  ])
  for (const [status, retry] of during) {
    expect([200, 503]).toContain(status)
    if (status === 503) expect(retry).not.toBe('false')
  }
  const isBack = () => call('/api/usage').then(({ status }) => status)
  await expect.poll(isBack, { timeout: 15_000, interval: 100 }).toBe(200)
  expect(market.process.exitCode).toBeNull()
})
