import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { callMarket } from './support/call-market.ts'
import { runCommand } from './support/command-line.ts'
import { createEmptyDatabase } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket } from './support/market.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

/** Two processes on one database; the scripted upstream counts 8 tokens of output. */
let folder: string
let upstream: ScriptedUpstream
let markets: readonly [Market, Market]

beforeAll(async () => {
  folder = makeQuickFolder('baimo-prices-')
  const url = await createEmptyDatabase({ host: inject('postgresHost') })
  upstream = await openScriptedUpstream({ key: 'upstream-secret' })
  const env = { DATABASE_URL: url, BAIMO_SECRET_FILE: join(folder, 'secret.key') }
  markets = [await startMarket({ env }), await startMarket({ env })]
  const added = await call('POST', '/api/providers', {
    url: upstream.baseUrl,
    name: 'acme',
    key: 'upstream-secret',
    models: ['acme/normal', 'acme/slow-drip'],
  })
  expect(added.status).toBeLessThan(300)
}, 120_000)
afterAll(async () => {
  for (const market of markets) await market.stop()
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function call(method: string, path: string, body?: object, at: 0 | 1 = 0) {
  return callMarket(markets[at].url, { method, path, body, key: markets[0].ownerKey })
}

function ask(at: 0 | 1 = 0, model = 'acme/normal') {
  const messages = [{ role: 'user', content: 'say hello' }]
  return call('POST', '/v1/chat/completions', { model, messages }, at)
}

/** Of a request its tokens and cost, once it is recorded. */
async function usageOf(headers: Headers) {
  return (await call('GET', `/api/usage/${headers.get('x-request-id')}`)).json
}

function baimo(args: string, env: Readonly<Record<string, string>> = {}) {
  return runCommand(args.split(' '), { home: markets[0].home, env })
}

test('what nobody prices has an unknown cost, and is counted as such', async () => {
  const { headers } = await ask()
  expect(headers.has('x-baimo-cost-usd')).toBe(false)
  expect((await usageOf(headers)).cost).toEqual({
    amount: null,
    currency: null,
    known: false,
    reason: 'no_price',
    price_ref: null,
  })
  const { total } = (await call('GET', '/api/usage/totals')).json
  expect(total).toMatchObject({
    request_count: 1,
    cost_unknown_count: 1,
    costs: [],
    cost: { amount: '0', known: false },
  })
  expect((await baimo('models price acme/normal')).out).toBe(
    'acme/normal at acme: unpriced\n  The cost of its requests is unknown.\n',
  )
})

test('a price that is set at one process is charged by all, exactly', async () => {
  const set = await baimo('models price acme/normal --input 3 --output 15 --source test')
  expect(set).toMatchObject({ code: 0, err: '' })
  expect(set.out).toContain('acme/normal at acme: 3/15 USD\n')
  await expect
    .poll(async () => (await ask(1)).headers.has('x-baimo-cost-usd'), { timeout: 5_000 })
    .toBe(true)
  for (const at of [0, 1] as const) {
    const { headers } = await ask(at)
    const { tokens, cost } = await usageOf(headers)
    const pico = BigInt(tokens.input) * 3_000_000n + BigInt(tokens.output) * 15_000_000n
    const amount = (Number(pico) / 1e12).toString()
    expect(cost).toMatchObject({ amount, currency: 'USD', known: true })
    expect(headers.get('x-baimo-cost-usd')).toBe(amount)
  }
  const models = (await call('GET', '/api/models/acme/normal')).json
  expect(models.listings[0].price).toMatchObject({ input: '3', output: '15', source: 'test' })
})

test('a correction changes what comes, and not what was recorded', async () => {
  const before = await ask()
  const was = (await usageOf(before.headers)).cost
  await baimo('models price acme/normal --input 9 --output 54 --currency CNY')
  const { headers } = await ask()
  expect((await usageOf(headers)).cost).toMatchObject({ currency: 'CNY', known: true })
  expect(headers.get('x-baimo-cost-usd')).toMatch(/^0\.000\d+$/)
  expect((await usageOf(before.headers)).cost).toEqual(was)
  const { total, data } = (await call('GET', '/api/usage/totals?by=model')).json
  expect(total.costs.map(({ currency }: { currency: string }) => currency)).toEqual(['CNY', 'USD'])
  expect(total.cost).toMatchObject({ currency: 'USD', known: false, rate_day: '2026-05-08' })
  expect(data).toHaveLength(1)
  expect((await baimo('usage')).out).toMatch(
    /Cost: \S+ USD \(.*CNY, .*USD, at rates of 2026-05-08\)\. The cost of \d+ is unknown\./,
  )
})

test('a key of the usual scopes reads its own usage and limits', async () => {
  const secret = (await baimo('keys create usual')).out.trim()
  const env = { BAIMO_URL: markets[0].url, BAIMO_KEY: secret }
  for (const command of ['usage', 'usage --by day', 'usage --key usual', 'limits'])
    expect((await baimo(command, env)).err).toBe('')
  expect((await baimo('usage --model acme/normal', env)).err).toContain('scope api')
})

test('files of prices are refused with file, line and keys, and set nothing', async () => {
  const write = (name: string, price: string, head = 'currency: USD'): string => {
    const path = join(folder, name)
    const body = `hosts: [127.0.0.1]\n${head}\nsource: s\nmodels:\n  acme/slow-drip:\n`
    writeFileSync(path, `${body}    - { from: 2026-01-01, ${price} }\n`)
    return path
  }
  const two = 'input: 1 }\n    - { from: 2026-01-01, input: 2'
  const refused: readonly [string, string][] = [
    [write('negative.yaml', 'input: -1'), 'negative.yaml, line 6 (models › acme/slow-drip › 0 ›'],
    [
      write('currency.yaml', 'input: 1', 'currency: RMB'),
      'currency.yaml, line 2 (currency): "RMB"',
    ],
    [write('two.yaml', two), 'two.yaml, line 7 (models › acme/slow-drip › 1 › from): two prices'],
    [write('field.yaml', 'inptu: 1'), 'field.yaml, line 6'],
  ]
  for (const [path, words] of refused) {
    const { code, err } = await baimo(`models price --file ${path}`)
    expect([code, err.includes(words), err.trim().split('\n').length], err).toEqual([1, true, 1])
  }
  expect((await baimo('models price acme/slow-drip')).out).toContain('unpriced')
  const good = await baimo(`models price --file ${write('good.yaml', 'input: 1, output: 2')}`)
  expect(good.out).toBe('1 price set from good.yaml.\n')
  expect((await baimo('models price acme/slow-drip')).out).toContain('1/2 USD')
})

test('prices are for operators, and inputs are checked', async () => {
  const made = await call('POST', '/api/keys', { name: 'plain' })
  const response = await fetch(`${markets[0].url}/api/prices`, {
    headers: { authorization: `Bearer ${made.json.key}` },
  })
  expect(response.status).toBe(403)
  const [listing] = (await call('GET', '/api/prices')).json.data
  const path = `/api/prices/${listing.listing_id}`
  for (const body of [{ input: '-1' }, { input: '1', currency: 'RMB' }, { input: 'x' }, {}])
    expect((await call('PUT', path, body)).status, JSON.stringify(body)).toBe(400)
  expect((await call('PUT', path, { inptu: '1' })).status).toBe(400)
  const nobody = '/api/prices/01a21353-0000-7000-8000-000000000000'
  expect(await call('PUT', nobody, { input: '1' })).toMatchObject({
    status: 404,
    json: { code: 'pricing_listing_unknown' },
  })
  expect(
    (await call('PUT', '/api/exchange-rates', { base: 'USD', quote: 'RMB', rate: 7 })).json,
  ).toMatchObject({
    status: 400,
    code: 'pricing_rate_invalid',
  })
})

test('rates and the currency of sums are the owner’s to set', async () => {
  expect((await baimo('exchange set usd cny 8')).out).toBe('One USD is 8 CNY, since today.\n')
  expect((await baimo('exchange currency cny')).out).toBe('Sums are shown in CNY.\n')
  const { total } = (await call('GET', '/api/usage/totals')).json
  const sum = (currency: string) =>
    Number(total.costs.find((each: { currency: string }) => each.currency === currency).amount)
  expect(total.cost.currency).toBe('CNY')
  expect(Number(total.cost.amount)).toBeCloseTo(sum('CNY') + sum('USD') * 8, 9)
  const { data } = JSON.parse((await baimo('exchange --json')).out)
  expect(data[0]).toMatchObject({ base: 'USD', quote: 'CNY', rate: '8', source: 'owner' })
})
