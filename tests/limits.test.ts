import { rmSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI, { RateLimitError } from 'openai'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createEmptyDatabase } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket } from './support/market.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

let folder: string
let upstream: ScriptedUpstream
let markets: Market[]

beforeAll(async () => {
  folder = makeQuickFolder('baimo-limits-')
  const url = await createEmptyDatabase({ host: inject('postgresHost') })
  upstream = await openScriptedUpstream({ key: 'upstream-secret' })
  const env = { DATABASE_URL: url, BAIMO_SECRET_FILE: join(folder, 'secret.key') }
  markets = await Promise.all([1, 2].map(() => startMarket({ env })))
  const added = await call('POST', '/api/providers', {
    url: upstream.baseUrl,
    name: 'acme',
    key: 'upstream-secret',
    models: ['acme/normal'],
  })
  expect(added.status).toBeLessThan(300)
}, 120_000)
afterAll(async () => {
  await Promise.all(markets.map((market) => market.stop()))
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function market(at: number): Market {
  const found = markets[at % markets.length]
  if (found === undefined) throw new Error('two are started')
  return found
}

function call(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${market(0).url}${path}`, {
    method,
    headers: { authorization: `Bearer ${market(0).ownerKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function makeKey(limits: object) {
  const made = await call('POST', '/api/keys', { name: 'limited' })
  const { id, key } = (await made.json()) as { id: string; key: string }
  const set = await call('PUT', `/api/limits/key/${id}`, limits)
  expect(set.status, await set.clone().text()).toBe(200)
  const clients = [0, 1].map(
    (at) => new OpenAI({ baseURL: `${market(at).url}/v1`, apiKey: key, maxRetries: 0 }),
  )
  const ask = (at: number, tokens = 5) =>
    (clients[at % 2] as OpenAI).chat.completions
      .create({
        model: 'acme/normal',
        messages: [{ role: 'user', content: 'hello' }],
        max_tokens: tokens,
      })
      .withResponse()
  return { id, ask }
}

async function errorOf(asked: Promise<unknown>): Promise<RateLimitError> {
  const error = await asked.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof RateLimitError) return error
  throw new Error(`not refused by a limit: ${String(error)}`)
}

test('two markets on one database admit as many requests as one, and say what is left', async () => {
  const { ask } = await makeKey({ requests_per_minute: 20 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { response } = await ask(0)
  expect(response.headers.get('x-ratelimit-limit-requests')).toBe('20')
  expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('19')
  expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m0s|59\.\d+s)$/)
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, (_, at) => ask(at)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(19)
  const refused = await errorOf(ask(1))
  expect(refused).toMatchObject({
    status: 429,
    code: 'rate_limit_exceeded',
    type: 'rate_limit_error',
  })
  expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  const retryAfter = Number(refused.headers.get('retry-after'))
  expect(retryAfter).toBeGreaterThan(45)
  expect(retryAfter).toBeLessThanOrEqual(62)
})

test('a limit that is raised or set lower holds in the other market within a second', async () => {
  const { id, ask } = await makeKey({ requests_per_minute: 1 })
  await ask(0)
  await errorOf(ask(1))
  await call('PUT', `/api/limits/key/${id}`, { requests_per_minute: 3 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  await ask(1)
  await call('PUT', `/api/limits/key/${id}`, { requests_per_minute: 2 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  await errorOf(ask(1))
  await call('DELETE', `/api/limits/key/${id}`)
  await new Promise((resolve) => setTimeout(resolve, 500))
  for (let at = 0; at < 4; at += 1) await ask(at)
})

test('tokens are reserved by the size of a request and returned when it has ended', async () => {
  const { ask } = await makeKey({ tokens_per_minute: 1_000 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  const tooLarge = await errorOf(ask(0, 5_000))
  expect(tooLarge.headers.get('retry-after')).toBeNull()
  expect(tooLarge.headers.get('x-should-retry')).toBe('false')
  // Each reserves most of the minute and uses a little of it.
  for (let at = 0; at < 4; at += 1) await ask(0, 800)
  const { response } = await ask(0, 5)
  expect(response.headers.get('x-ratelimit-limit-tokens')).toBe('1000')
})
