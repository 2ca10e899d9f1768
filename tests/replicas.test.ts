import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestDatabase } from './support/database.ts'
import { type Market, startMarket } from './support/market.ts'

let one: Market
let other: Market

beforeAll(async () => {
  const env = { DATABASE_URL: await createTestDatabase() }
  one = await startMarket({ env })
  // What one has sealed, the other opens: they share the secret key.
  const shared = { ...env, BAIMO_SECRET_FILE: join(one.home, 'secret.key') }
  other = await startMarket({ env: shared })
}, 120_000)
afterAll(async () => {
  await other.stop()
  await one.stop()
}, 60_000)

function ask(market: Market, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${market.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
  })
}

describe('two markets on one database', () => {
  it('answer to a name that was given at the other, about a second later', async () => {
    const body = JSON.stringify({ target: 'baimo/abacus-small' })
    expect((await ask(one, '/api/aliases/sums', { method: 'PUT', body })).ok).toBe(true)
    await vi.waitFor(async () => expect((await ask(other, '/v1/models/sums')).status).toBe(200), {
      timeout: 5_000,
      interval: 100,
    })
    await ask(other, '/api/aliases/sums', { method: 'DELETE' })
    await vi.waitFor(async () => expect((await ask(one, '/v1/models/sums')).status).toBe(404), {
      timeout: 5_000,
      interval: 100,
    })
  })
})
