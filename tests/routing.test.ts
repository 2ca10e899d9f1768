import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ArenaUpstream, type Contender, openArenaUpstream } from './support/arena-upstream.ts'
import { callMarket } from './support/call-market.ts'
import { type Market, startMarket } from './support/market.ts'
import { seededRandom } from './support/seeded-random.ts'

const WORDS = 'The sea rises twice a day, as the moon pulls at it from both sides.'
/** Best first; the worst is the dearest. Prices are in dollars for a million tokens. */
const MODELS = { 'acme/lion': 2, 'acme/lynx': 1, 'acme/mole': 4 } as const
const CONTENDERS: Record<string, Contender> = Object.fromEntries(
  Object.keys(MODELS).map((name) => [name, { say: () => WORDS }]),
)
const BEST_FIRST = Object.keys(MODELS)
const INDEED = 'Indeed. '
const VOTERS = 12
const random = seededRandom(5)
let upstream: ArenaUpstream
let market: Market
let voters: string[]

beforeAll(async () => {
  upstream = await openArenaUpstream(CONTENDERS)
  market = await startMarket()
  const added = await call('POST', '/api/providers', {
    ...{ url: upstream.baseUrl, name: 'acmehost', key: 'secret', models: BEST_FIRST },
  })
  expect(added.status, added.text).toBeLessThan(300)
  for (const { id, model } of (await call('GET', '/api/listings')).json.data) {
    const rate = MODELS[model as keyof typeof MODELS]
    if (rate === undefined) continue
    const price = { input: rate, output: rate, currency: 'USD' }
    expect((await call('PUT', `/api/prices/${id}`, price)).status).toBeLessThan(300)
  }
  const settings = { control_share: 0, letters_per_second: null, votes_per_minute: 10_000 }
  await call('PUT', '/api/arena/settings', settings)
  await call('PATCH', '/api/route/settings', { exploration_share: 0 })
  voters = await Promise.all(Array.from({ length: VOTERS }, (_, at) => person(`Voter ${at}`)))
}, 120_000)
afterAll(async () => {
  await market.stop()
  await upstream.close()
}, 60_000)

function call(method: string, path: string, body?: object, key = market.ownerKey) {
  return callMarket(market.url, { method, path, body, key })
}

async function person(name: string): Promise<string> {
  const made = await call('POST', '/api/people', { name })
  const scopes = ['api', 'usage', 'chat', 'models']
  const key = await call('POST', '/api/keys', { name, person_id: made.json.id, scopes })
  expect(key.status, key.text).toBeLessThan(300)
  return key.json.key
}

let asked = 0
/** Asks in a conversation of its own. Which model answered, and why. */
async function ask(model = 'auto', key = market.ownerKey) {
  asked += 1
  const messages = [{ role: 'user', content: `Why is there a tide? (${asked})` }]
  const answer = await call('POST', '/v1/chat/completions', { model, messages, stream: true }, key)
  const id = answer.headers.get('x-request-id') ?? ''
  return { ...answer, id, by: upstream.asked.at(-1), why: answer.headers.get('x-baimo-route') }
}

/** Names are hidden from voters: here the better model is the one that says less. */
function setTexts(): void {
  for (const [at, name] of BEST_FIRST.entries())
    upstream.set(name, { say: () => `${WORDS} ${INDEED.repeat(at + 1)}` })
}

let judged = 0
async function judge(key: string): Promise<void> {
  judged += 1
  const own = judged
  // Each asks something of their own: votes on one question alone would say little of others.
  const prompt = `Why is there a tide? (${own})`
  const made = await call('POST', '/api/battles', { prompt }, key)
  expect(made.status, made.text).toBe(201)
  const path = `/api/battles/${made.json.id}`
  const stream = await fetch(`${market.url}${path}/stream`, {
    headers: { authorization: `Bearer ${key}` },
  }).then((response) => response.text())
  const events = stream.split('\n').filter((line) => line.startsWith('data: '))
  const data = events.map((line) => JSON.parse(line.slice(6)))
  const length = (side: 'a' | 'b'): number =>
    data.reduce((sum, event) => sum + (typeof event[side] === 'string' ? event[side].length : 0), 0)
  const steps = (length('b') - length('a')) / INDEED.length
  // People are not of one mind: one step better is liked better by three of four.
  const choice = random.next() < 1 / (1 + Math.exp(-1.1 * steps)) ? 'a' : 'b'
  const voted = await call('POST', `${path}/vote`, { choice }, key)
  expect(voted.status, voted.text).toBe(200)
}

test('names are listed, and without votes the cheapest answers', async () => {
  const { data } = (await call('GET', '/v1/models')).json
  const ids = data.map(({ id }: { id: string }) => id)
  expect(ids.slice(0, 4)).toEqual(['auto', 'auto:cheap', 'auto:fast', 'auto:open'])
  expect((await call('GET', '/v1/models/auto')).json.id).toBe('auto')
  const first = await ask()
  expect(first.status, first.text).toBe(200)
  expect([first.by, first.why]).toEqual(['acme/lynx', 'auto; by=price; category=other'])
  const usage = await call('GET', `/api/usage/${first.id}`)
  expect(usage.json).toMatchObject({ route: 'by=price; category=other', purpose: 'use' })
  const named = await ask('acme/mole')
  expect([named.by, named.why]).toEqual(['acme/mole', 'name'])
  expect((await call('GET', `/api/usage/${named.id}`)).json.route).toBeNull()
}, 60_000)

test('what is unknown satisfies no policy; facts and the policy decide', async () => {
  const closed = await ask('auto:open')
  expect([closed.status, closed.json.error.code]).toEqual([403, 'routing_none_fits'])
  const state = async (name: string, facts: object) => {
    const answer = await call('PATCH', `/api/models/${name}`, { facts })
    expect(answer.status, answer.text).toBe(200)
  }
  await state('acme/mole', { openness: { value: 'weights', source: 'its card' } })
  expect((await ask('auto:open')).by).toBe('acme/mole')
  const put = await call('PUT', '/api/policies/organisation', { least_openness: 'weights' })
  expect(put.status, put.text).toBe(200)
  expect((await ask()).by).toBe('acme/mole')
  expect((await ask('acme/lynx')).by).toBe('acme/lynx')
  const battle = await call('POST', '/api/battles', { prompt: 'hi' }, voters[0])
  expect(battle.status).toBeGreaterThanOrEqual(400)
  expect((await call('PUT', '/api/policies/organisation', { places: ['FR'] })).status).toBe(200)
  const nowhere = await ask()
  expect([nowhere.status, nowhere.json.error.message]).toEqual([
    403,
    expect.stringContaining('the policy on places'),
  ])
  expect((await call('DELETE', '/api/policies/organisation')).status).toBe(204)
  expect((await ask()).by).toBe('acme/lynx')
}, 60_000)

test('exploration takes its share of new conversations, and is recorded as such', async () => {
  await call('PATCH', '/api/route/settings', { exploration_share: 1 })
  const explored = await ask()
  expect(explored.why).toBe('auto; by=exploration; category=other')
  expect(explored.by).not.toBe('acme/lynx')
  const usage = await call('GET', `/api/usage/${explored.id}`)
  expect(usage.json).toMatchObject({ purpose: 'exploration' })
  await call('PATCH', '/api/route/settings', { exploration_share: 0 })
}, 60_000)

test('votes change the board, and the changed board changes auto', async () => {
  setTexts()
  for (let round = 0; round < 120; round += 1) {
    await Promise.all(voters.map((key) => judge(key)))
    const best = (await call('GET', '/api/boards/models/overall')).json.decisions?.[0]
    if (best?.status === 'certified') break
  }
  let last = await ask()
  for (let tries = 0; tries < 20 && last.by !== 'acme/lion'; tries += 1) {
    await sleep(100)
    last = await ask()
  }
  const { sentence } = (await call('GET', '/api/boards/models/overall')).json
  expect(last.by, sentence).toBe('acme/lion')
  expect(last.why).toMatch(/^auto; by=certified; category=other; board=\S+$/)
  expect((await ask('auto:cheap')).by).toBe('acme/lynx')
  expect((await call('PATCH', '/api/route/settings', { max_price: 0.002 })).status).toBe(200)
  expect((await ask()).by).toBe('acme/lynx')
  await call('PATCH', '/api/route/settings', { max_price: null, exploration_share: 1 })
  // All others are certified worse: there is nothing to explore.
  expect((await ask()).by).toBe('acme/lion')
  await call('PATCH', '/api/route/settings', { exploration_share: 0 })
}, 240_000)

test('a replay tells what policies would have won and cost', async () => {
  const replay = async (policy: string) => {
    const answer = await call('GET', `/api/route/replay?policy=${policy}`)
    expect(answer.status, answer.text).toBe(200)
    return answer.json
  }
  const [auto, cheap] = [await replay('auto'), await replay('auto:cheap')]
  expect(auto.chosen[0].model).toBe('acme/lion')
  expect(cheap.chosen[0].model).toBe('acme/lynx')
  expect(auto.win_share.low).toBeGreaterThan(cheap.win_share.high)
  expect(auto.win_share.value).toBeCloseTo((0.75 + 0.9) / 2, 0)
  expect(auto.cost.value).toBeGreaterThan(cheap.cost.value)
}, 60_000)

test('a dominated model is proposed, retired and restored', async () => {
  const none = await call('GET', '/api/retirements/proposals')
  expect(none.json.data).toEqual([]) // all of them are in their infancy
  const rules = { infancy_days: null, infancy_information: 5 }
  expect((await call('PATCH', '/api/retirements/settings', rules)).status).toBe(200)
  const { data } = (await call('GET', '/api/retirements/proposals')).json
  expect(data.map(({ model }: { model: string }) => model)).toEqual(['acme/mole'])
  expect(data[0]).toMatchObject({ successor: 'acme/lion', currency: 'USD', price: 0.006 })
  expect(data[0].boards[0]).toMatchObject({ slice: 'overall', log_e: expect.any(Number) })
  expect(data[0].use.choosers).toBe(1)

  const sunset = new Date(Date.now() + 86_400_000)
  const body = { model: 'acme/mole', sunset_at: sunset.toISOString() }
  const retired = await call('POST', '/api/retirements', body)
  expect(retired.status, retired.text).toBe(201)
  expect(retired.json).toMatchObject({ model: 'acme/mole', successor: 'acme/lion' })
  expect((await call('POST', '/api/retirements', body)).json.code).toBe('routing_retired_already')
  expect((await call('GET', '/v1/models')).text).not.toContain('acme/mole')
  expect((await ask('auto:open')).status).toBe(403)
  const named = await ask('acme/mole')
  expect([named.status, named.by]).toEqual([200, 'acme/mole'])
  expect(named.headers.get('deprecation')).toMatch(/^@\d{10}$/)
  expect(named.headers.get('sunset')).toBe(sunset.toUTCString())
  expect((await ask('acme/lion')).headers.get('deprecation')).toBeNull()
  const survival = (await call('GET', '/api/survival')).json
  expect(survival).toMatchObject({ joined: 3, left: 1 })
  expect(survival.steps[0].survival).toBeCloseTo(2 / 3, 9)

  const restored = await call('DELETE', '/api/retirements/acme/mole')
  expect(restored.status, restored.text).toBe(200)
  expect((await call('GET', '/v1/models')).text).toContain('acme/mole')
  expect((await ask('acme/mole')).headers.get('deprecation')).toBeNull()
  expect((await call('DELETE', '/api/retirements/acme/mole')).json.code).toBe('routing_not_retired')
}, 60_000)

test('after its sunset a model is gone, and its successor is named', async () => {
  const past = new Date(Date.now() - 1_000).toISOString()
  await call('POST', '/api/retirements', { model: 'acme/mole', sunset_at: past })
  const gone = await ask('acme/mole')
  expect([gone.status, gone.json.error.code]).toEqual([404, 'routing_model_gone'])
  expect(gone.json.error.message).toContain('Its successor is acme/lion')
  await call('DELETE', '/api/retirements/acme/mole')
  expect((await ask('acme/mole')).status).toBe(200)
}, 60_000)

test('a conversation stays with its listing', async () => {
  const first = [{ role: 'user', content: 'A conversation that goes on.' }]
  const send = async (messages: object[]) => {
    const answer = await call('POST', '/v1/chat/completions', {
      ...{ model: 'auto', messages, stream: true },
    })
    return [upstream.asked.at(-1), answer.headers.get('x-baimo-route')]
  }
  await call('PATCH', '/api/route/settings', { max_price: 0.002 })
  expect((await send(first))[0]).toBe('acme/lynx')
  await call('PATCH', '/api/route/settings', { max_price: null, win_value: 0.001 })
  const more = [...first, { role: 'assistant', content: 'Yes.' }, { role: 'user', content: 'On.' }]
  expect(await send(more)).toEqual(['acme/lynx', expect.stringContaining('by=cache')])
  const other = [{ role: 'user', content: 'Another conversation.' }]
  expect(await send(other)).toEqual(['acme/lion', expect.stringContaining('by=certified')])
}, 60_000)
