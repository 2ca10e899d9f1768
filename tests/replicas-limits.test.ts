import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addUpstream, call } from './faults/support/call.ts'
import { createTestDatabase } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket } from './support/market.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

let folder: string
let upstream: ScriptedUpstream
let markets: Market[]

beforeAll(async () => {
  folder = makeQuickFolder('baimo-limits-')
  const env = {
    DATABASE_URL: await createTestDatabase(),
    BAIMO_SECRET_FILE: join(folder, 'secret.key'),
  }
  upstream = await openScriptedUpstream()
  markets = await Promise.all([1, 2].map(() => startMarket({ env })))
}, 120_000)
afterAll(async () => {
  await Promise.all(markets.map((market) => market.stop()))
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

async function makeKey(market: Market): Promise<{ id: string; key: string }> {
  const made = await call(market, '/api/keys', { name: 'limited' })
  expect(made.status).toBe(201)
  return (await made.json()) as { id: string; key: string }
}

/** So many requests at the same time: their statuses, and what the refused were told. */
async function askAtOnce(market: Market, key: string, count: number) {
  const pool = new Pool(market.url, { connections: count })
  const ask = async () => {
    const answer = await pool.request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'acme/normal',
        max_tokens: 8,
        messages: [{ role: 'user', content: '1' }],
      }),
    })
    const body = await answer.body.text()
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], body }
  }
  const answers = await Promise.all(Array.from({ length: count }, ask))
  await pool.destroy()
  return answers
}

test('500 requests at each of two replicas against one limit: as many pass as it allows', async () => {
  const [one, other] = markets
  if (one === undefined || other === undefined) throw new Error('two are started')
  await addUpstream(one, upstream)
  await expect.poll(async () => (await call(other, '/v1/models/acme/normal')).status).toBe(200)
  const { id, key } = await makeKey(one)
  const limits = { requests_per_minute: 300, tokens_per_minute: null, concurrent_requests: null }
  expect((await call(one, `/api/limits/key/${id}`, limits, 'PUT')).status).toBe(200)
  const answers = (await Promise.all([askAtOnce(one, key, 500), askAtOnce(other, key, 500)])).flat()
  const refused = answers.filter(({ status }) => status !== 200)
  const passed = answers.length - refused.length
  expect(passed).toBeLessThanOrEqual(300)
  // A lease may lie with the replica that needs no more.
  expect(passed).toBeGreaterThanOrEqual(270)
  expect(upstream.calls()).toHaveLength(passed)
  for (const { status, retryAfter, body } of refused) {
    // On a machine with no time to spare a commit may lag, and then nothing more is let in.
    if (status === 503) expect(body).toContain('metering_unavailable')
    else expect(status, body).toBe(429)
    expect(Number(retryAfter)).toBeGreaterThan(0)
  }
}, 60_000)
