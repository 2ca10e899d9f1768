import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ArenaUpstream, type Contender, openArenaUpstream } from './support/arena-upstream.ts'
import { type Market, startMarket } from './support/market.ts'

const WORDS = 'The tide comes in twice a day because the moon pulls at the sea from both sides.'
const CONTENDERS: Record<string, Contender> = {
  'northwind/aurora-7': { say: () => `${WORDS} It is slow.`, gapMs: 12 },
  'quillpad/basalt-2': { say: () => `${WORDS} 潮汐每天来两次。`, gapMs: 1 },
  'velocore/cinder-9': { say: () => `Hm. ${WORDS}`, waitMs: 60 },
}
let upstream: ArenaUpstream
let market: Market

beforeAll(async () => {
  upstream = await openArenaUpstream(CONTENDERS)
  market = await startMarket({ env: { BAIMO_LOG: 'info' } })
  const added = await call('POST', '/api/providers', {
    url: upstream.baseUrl,
    name: 'zephyrhost',
    key: 'upstream-secret',
    models: Object.keys(CONTENDERS),
  })
  expect(added.status, added.text).toBeLessThan(300)
}, 120_000)
afterAll(async () => {
  await market.stop()
  await upstream.close()
}, 60_000)

async function call(method: string, path: string, body?: object, key = market.ownerKey) {
  const response = await fetch(`${market.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    json: text && JSON.parse(text),
    text,
  }
}

/** Reads a battle's stream to its end. */
async function readStream(id: string, key = market.ownerKey, lastId?: number) {
  const response = await fetch(`${market.url}/api/battles/${id}/stream`, {
    headers: {
      authorization: `Bearer ${key}`,
      ...(lastId === undefined ? {} : { 'last-event-id': String(lastId) }),
    },
  })
  const text = await response.text()
  const events = text
    .split('\n\n')
    .filter((event) => event.startsWith('id:'))
    .map((event) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1] ?? ''
      return { id: Number(field('id')), name: field('event'), data: JSON.parse(field('data')) }
    })
  return { status: response.status, headers: response.headers, text, events }
}

test('a battle streams two hidden answers alike, takes one vote, and then tells who answered', async () => {
  const made = await call('POST', '/api/battles', { prompt: 'Say hello, please.' })
  expect(made.status, made.text).toBe(201)
  expect(made.json).toMatchObject({ kind: 'battle', state: 'answering', reveal: null })
  const { events } = await readStream(made.json.id)
  expect([events[0]?.name, events.at(-1)?.name]).toEqual(['open', 'end'])
  const shown = await call('GET', `/api/battles/${made.json.id}`)
  expect(shown.json.turns[0].a.text).toContain(WORDS)
  const voted = await call('POST', `/api/battles/${made.json.id}/vote`, {
    choice: 'a',
    reasons: ['clear'],
  })
  expect(voted.status, voted.text).toBe(200)
  expect(voted.json.reveal.a.model).toMatch(/^(northwind|quillpad|velocore)\//)
  const again = await call('POST', `/api/battles/${made.json.id}/vote`, { choice: 'b' })
  expect([again.status, again.json.code]).toEqual([409, 'arena_vote_exists'])
}, 60_000)
