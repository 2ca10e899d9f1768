import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Market, startMarket } from './support/market.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

const KILLS = 20
const CLIENTS = 16

let upstream: ScriptedUpstream
let home: string

beforeAll(async () => {
  upstream = await openScriptedUpstream()
  home = mkdtempSync(join(tmpdir(), 'baimo-kill-'))
})
afterAll(async () => {
  await upstream.close()
  rmSync(home, { recursive: true, force: true })
})

/** Request ids whose answer arrived to its last byte. */
type Finished = { readonly id: string; readonly isStream: boolean }

async function askUntilDead(market: Market, finished: Finished[]): Promise<void> {
  const pool = new Pool(market.url, { connections: 1 })
  try {
    for (let turn = 0; ; turn += 1) {
      const isStream = turn % 2 === 1
      const answer = await pool.request({
        method: 'POST',
        path: '/v1/chat/completions',
        headers: {
          authorization: `Bearer ${market.ownerKey}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          model: 'acme/normal',
          stream: isStream,
          messages: [{ role: 'user', content: `turn ${turn}` }],
        }),
      })
      const text = await answer.body.text()
      expect(answer.statusCode, text).toBe(200)
      if (isStream) expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
      finished.push({ id: String(answer.headers['x-request-id']), isStream })
    }
  } catch (error) {
    // The process is killed under the client: a broken connection is what must happen.
    if (error instanceof Error && error.name === 'AssertionError') throw error
  } finally {
    await pool.destroy()
  }
}

interface Recorded {
  readonly id: string
  readonly outcome: string
  readonly upstream_id: string | null
  readonly tokens: { readonly total: number }
}

async function readUsage(market: Market): Promise<Recorded[]> {
  const all: Recorded[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const answer = await fetch(`${market.url}/api/usage?limit=1000${query}`, {
      headers: { authorization: `Bearer ${market.ownerKey}` },
    })
    const page = (await answer.json()) as { data: Recorded[]; next_cursor: string | null }
    all.push(...page.data)
    cursor = page.next_cursor
  } while (cursor !== null)
  return all
}

test(`kill -9 at ${KILLS} random moments under load loses no usage of an answer that arrived`, async () => {
  const finished: Finished[] = []
  let market = await startMarket({ home })
  const added = await fetch(`${market.url}/api/providers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: upstream.baseUrl, name: 'scripted', models: ['acme/normal'] }),
  })
  expect(added.status, await added.text()).toBe(201)
  for (let kill = 0; kill < KILLS; kill += 1) {
    const clients = Array.from({ length: CLIENTS }, () => askUntilDead(market, finished))
    await pause(50 + Math.random() * 350)
    await market.kill9()
    await Promise.all(clients)
    market = await startMarket({ home })
  }
  const recorded = await readUsage(market)
  await market.stop()
  const known = new Set(recorded.map(({ id }) => id))
  expect(finished.filter(({ id }) => !known.has(id))).toEqual([])
  // Nothing is invented or doubled: each record stands for a call that reached the upstream.
  expect(recorded.length).toBeLessThanOrEqual(upstream.calls().length)
  const answers = recorded.filter(({ outcome }) => outcome === 'answered')
  expect(new Set(answers.map((usage) => usage.upstream_id)).size).toBe(answers.length)
  expect(answers.filter(({ tokens }) => tokens.total === 0)).toEqual([])
  // The test means nothing unless answers really arrived, of both kinds.
  expect(finished.filter(({ isStream }) => isStream).length).toBeGreaterThan(KILLS)
  expect(finished.filter(({ isStream }) => !isStream).length).toBeGreaterThan(KILLS)
}, 180_000)
