import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { formatPico, type Log, newId, silentLog } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import type { ShippedData } from './load-data.ts'
import { parsePriceFile } from './parse-price-file.ts'
import { parseRateFile } from './parse-rate-file.ts'
import { openPriceData } from './price-data.ts'
import { openPricing, type Pricing } from './service.ts'
import type { PricedListing, PriceSubject, Tokens } from './types.ts'

const NOW = Date.parse('2026-11-25T12:00:00Z')
const TOKENS: Tokens = { input: 1_000_000, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 }

const SHIPPED: ShippedData = {
  prices: openPriceData(
    [
      parsePriceFile({
        name: 'acme.yaml',
        text: `hosts: [api.acme.example]
currency: USD
source: https://acme.example
models:
  published: [{ from: 2026-01-01, input: 7, output: 7 }]
`,
      }),
    ],
    null,
  ),
  rates: parseRateFile({
    name: 'r.yaml',
    text: 'base: EUR\nsource: s\nrates: [{ day: 2026-05-08, USD: 2, CNY: 8 }]\n',
  }),
}

function listingOf(overrides: Partial<PricedListing> = {}): PricedListing {
  return {
    listingId: newId(),
    modelId: newId(),
    providerId: newId(),
    upstreamModel: 'published',
    baseUrl: 'https://api.acme.example/v1',
    isHere: false,
    ...overrides,
  }
}

describeOnEveryServer('pricing', (openStoreHere) => {
  let store: Store
  let pricing: Pricing
  let nowMs = NOW
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }

  const open = (loadData: () => ShippedData = () => SHIPPED, log: Log = silentLog) =>
    openPricing({ store, log, clock, loadData, mergedInto: () => new Map() })

  beforeAll(async () => {
    store = await openStoreHere()
  })
  beforeEach(async () => {
    nowMs = NOW
    await store.pool.query('truncate prices, exchange_rates')
    await store.pool.query("update pricing_settings set currency = 'USD', revision = 0")
    pricing = await open()
  })
  afterAll(() => store.close())

  function costAt(listing: PricedListing, atMs = nowMs, from = pricing): string {
    const cost = from.costOf(listing, TOKENS, { atMs, computeMs: null })
    return cost.isKnown ? `${formatPico(cost.amountPico)} ${cost.currency}` : cost.reason
  }
  const of = (listing: PricedListing): PriceSubject => ({
    kind: 'listing',
    listingId: listing.listingId,
  })

  it('knows what is published, and does not know what nobody says', () => {
    expect(costAt(listingOf())).toBe('7 USD')
    expect(costAt(listingOf(), Date.parse('2025-12-31T23:59:59Z'))).toBe('no_price')
    expect(costAt(listingOf({ upstreamModel: 'other' }))).toBe('no_price')
  })

  it('puts the owner’s price first, from its time on, and keeps it over a restart', async () => {
    const listing = listingOf()
    await pricing.setPrice(of(listing), { input: '3', from: '2026-12-01', currency: 'CNY' }, null)
    expect(costAt(listing)).toBe('7 USD')
    nowMs = Date.parse('2026-12-01T00:00:00Z')
    expect(costAt(listing)).toBe('3 CNY')
    expect(costAt(listing, nowMs, await open())).toBe('3 CNY')
    expect(costAt(listingOf())).toBe('7 USD')
  })

  it('takes a correction as a newer version, and takes prices back', async () => {
    const listing = listingOf()
    for (const input of ['3', '4'])
      await pricing.setPrice(of(listing), { input, from: '2026-11-01' }, newId())
    await pricing.setPrice(of(listing), { input: '5', from: '2027-01-01' }, null)
    expect(costAt(listing)).toBe('4 USD')
    const { rows } = await store.pool.query('select count(*)::int as count from prices')
    expect(rows[0].count).toBe(3)
    await pricing.clearPrice(of(listing), null)
    expect(costAt(listing)).toBe('7 USD')
    expect(costAt(listing, Date.parse('2027-06-01T00:00:00Z'))).toBe('7 USD')
    expect(costAt(listing, nowMs - 1_000)).toBe('4 USD')
  })

  it('reads times of other places', async () => {
    const listing = listingOf()
    await pricing.setPrice(of(listing), { input: '3', from: '2026-11-25T12:30:00+01:00' }, null)
    expect(costAt(listing, Date.parse('2026-11-25T11:30:00Z'))).toBe('3 USD')
    expect(costAt(listing, Date.parse('2026-11-25T11:29:59Z'))).toBe('7 USD')
  })

  it('takes back what another process set for later, though this one has not heard of it', async () => {
    const other = await open()
    const listing = listingOf()
    await pricing.setPrice(of(listing), { input: '5', from: '2027-01-01' }, null)
    await other.clearPrice(of(listing), null)
    expect(costAt(listing, Date.parse('2027-06-01T00:00:00Z'), other)).toBe('7 USD')
  })

  it('goes by the order in which prices were set, and not by the clocks of processes', async () => {
    const listing = listingOf()
    const other = await open()
    const ahead = NOW + 60_000
    nowMs = ahead
    await pricing.setPrice(of(listing), { input: '3' }, null)
    nowMs = NOW
    await other.setPrice(of(listing), { input: '4' }, null)
    expect(costAt(listing, ahead, other)).toBe('4 USD')
    nowMs = ahead
    await pricing.clearPrice(of(listing), null)
    nowMs = NOW
    await other.setPrice(of(listing), { input: '5' }, null)
    expect(costAt(listing, ahead, other)).toBe('5 USD')
    // A time that somebody chose moves nothing.
    await other.setPrice(of(listing), { input: '9', from: '2027-01-01' }, null)
    await other.setPrice(of(listing), { input: '6' }, null)
    expect(costAt(listing, ahead, other)).toBe('6 USD')
  })

  it('orders what was set by its revision, as ids of one millisecond have no order', async () => {
    const listing = listingOf()
    for (const input of ['1', '2'])
      await pricing.setPrice(of(listing), { input, from: '2026-11-01' }, null)
    await store.pool.query(
      `update prices set id = ('00000000-0000-7000-8000-00000000000' || (9 - revision))::uuid`,
    )
    for (const rate of ['3', '4']) await pricing.setRate({ base: 'USD', quote: 'CNY', rate }, null)
    await store.pool.query(
      `update exchange_rates set id = ('00000000-0000-7000-8000-00000000000' || (9 - revision))::uuid`,
    )
    const again = await open()
    expect(costAt(listing, nowMs, again)).toBe('2 USD')
    const yuan = { amountPico: 4n, currency: 'CNY' }
    expect(again.convert(yuan, 'USD', nowMs)?.amountPico).toBe(1n)
  })

  it('starts though a newer version set a price, which is unknown then, and said once', async () => {
    const listing = listingOf()
    await pricing.setPrice(of(listing), { input: '3' }, null)
    await store.pool.query(`update prices set terms = '{"input": "3", "per_image": "1"}'`)
    const logged: string[] = []
    const log: Log = { ...silentLog, warn: (_fields, message) => void logged.push(message) }
    const older = await open(() => SHIPPED, log)
    expect(costAt(listing, nowMs, older)).toBe('no_price')
    expect(costAt(listingOf(), nowMs, older)).toBe('7 USD')
    await older.setCurrency('EUR')
    expect(logged).toHaveLength(1)
    await older.setPrice(of(listing), { input: '4' }, null)
    expect(costAt(listing, nowMs, older)).toBe('4 EUR')
  })

  it('prices a model at a provider in all its listings there, under what it was before', async () => {
    const listing = listingOf()
    const sibling = { ...listing, listingId: newId() }
    const { modelId, providerId } = listing
    await pricing.setPrice({ kind: 'model', modelId, providerId }, { input: '2' }, null)
    expect([costAt(listing), costAt(sibling)]).toEqual(['2 USD', '2 USD'])
    expect(costAt({ ...listing, listingId: newId(), providerId: newId() })).toBe('7 USD')
    const merged = await openPricing({
      ...{ store, log: silentLog, clock, loadData: () => SHIPPED },
      mergedInto: () => new Map([[modelId, 'kept']]),
    })
    expect(costAt({ ...listing, modelId: 'kept' }, nowMs, merged)).toBe('2 USD')
  })

  it('prices this machine by measured time, where nothing else is known', async () => {
    const here = listingOf({ baseUrl: 'http://engine.localhost/v1', isHere: true })
    await pricing.setPrice({ kind: 'machine' }, { per_hour: '0.40' }, null)
    const cost = pricing.costOf(here, TOKENS, { atMs: nowMs, computeMs: 1_800_000 })
    expect(cost.isKnown && formatPico(cost.amountPico)).toBe('0.2')
    expect(costAt(here)).toBe('time_unmeasured')
    expect(costAt(listingOf({ upstreamModel: 'other' }))).toBe('no_price')
    expect(pricing.typicalCost(here, nowMs)).toBeNull()
  })

  it('compares listings by what a typical request costs in the owner’s currency', async () => {
    const listing = listingOf()
    await pricing.setPrice(of(listing), { input: '8', output: '16', currency: 'CNY' }, null)
    // 0.008 + 0.008 yuan; eight yuan are two dollars.
    expect(pricing.typicalCost(listing, nowMs)).toEqual({
      amountPico: 4_000_000_000n,
      currency: 'USD',
      rateDay: '2026-05-08',
    })
    await pricing.setCurrency('CNY')
    expect(pricing.typicalCost(listing, nowMs)).toMatchObject({ currency: 'CNY', rateDay: null })
    await pricing.setCurrency('JPY')
    expect(pricing.typicalCost(listing, nowMs)).toBeNull()
    expect(pricing.typicalCost(listingOf({ upstreamModel: 'other' }), nowMs)).toBeNull()
  })

  it('tells dollars by the owner’s rate, else a published one, unless the owner says unknown', async () => {
    const cost = { isKnown: true, amountPico: 8n * 10n ** 12n, priceRef: 'x' } as const
    const usd = (currency: string) => pricing.inUsd({ ...cost, currency }, nowMs)
    expect([usd('USD'), usd('CNY'), usd('JPY')]).toEqual(['8', '2', null])
    await pricing.setRate({ base: 'USD', quote: 'CNY', rate: '7.12' }, null)
    expect(usd('CNY')).toBe('1.123595505618')
    await pricing.setRate({ base: 'USD', quote: 'CNY', rate: null }, null)
    expect(usd('CNY')).toBeNull()
    expect(pricing.exchangeRates()).toHaveLength(4)
    expect((await open()).inUsd({ ...cost, currency: 'CNY' }, nowMs)).toBeNull()
  })

  it.each([
    [{ input: '-1' }, 'input'],
    [{ input: '1', currency: 'RMB' }, 'currency'],
    [{ input: '1', from: '2026-02-30' }, 'from'],
    [{ input: '1', from: '2026-02-28T25:00:00Z' }, 'from'],
    [{ input: '1', from: '2026-02-31T10:00:00Z' }, 'from'],
    [{ input: '1', from: '2026-02-28T10:00:00' }, 'from'],
    [{ input: '1', from: '0000-01-01' }, 'from'],
    [{ inptu: '1' }, 'inptu'],
  ])('refuses the price %j and names the field', async (price, param) => {
    await expect(pricing.setPrice({ kind: 'machine' }, price, null)).rejects.toMatchObject({
      code: 'pricing_price_invalid',
      param,
    })
  })

  it.each([
    { base: 'USD', quote: 'RMB', rate: '7' },
    { base: 'USD', quote: 'USD', rate: '1' },
    { base: 'USD', quote: 'CNY', rate: '0' },
    { base: 'USD', quote: 'CNY', rate: '7', day: '2026-13-01' },
    { base: 'USD', quote: 'CNY', rate: '7', day: '0000-01-01' },
  ])('refuses the rate %j', async (rate) => {
    await expect(pricing.setRate(rate, null)).rejects.toMatchObject({
      code: 'pricing_rate_invalid',
    })
  })

  it('sets a file for the listings that it is meant for, or nothing of it', async () => {
    const fitting = listingOf()
    const elsewhere = listingOf({ baseUrl: 'https://other.example/v1' })
    const text = (input: string) =>
      `hosts: [api.acme.example]\ncurrency: EUR\nsource: s\nmodels:\n  published:\n    - { from: 2026-02-01, input: 1 }\n    - { from: 2026-03-01, input: ${input} }\n`
    const set = (input: string) =>
      pricing.setFile({ name: 'mine.yaml', text: text(input) }, [fitting, elsewhere], null)
    await expect(set('-2')).rejects.toMatchObject({
      code: 'pricing_file_invalid',
      message: expect.stringContaining('mine.yaml, line 7'),
    })
    expect(costAt(fitting)).toBe('7 USD')
    expect(await set('2')).toBe(2)
    expect([costAt(fitting), costAt(elsewhere)]).toEqual(['2 EUR', 'no_price'])
  })

  it('reads what ships when it is first needed, once', async () => {
    let count = 0
    const late = await open(() => {
      count += 1
      return SHIPPED
    })
    expect(count).toBe(0)
    late.warm()
    expect([costAt(listingOf(), nowMs, late), costAt(listingOf(), nowMs, late), count]).toEqual([
      '7 USD',
      '7 USD',
      1,
    ])
  })

  it('hears of what another process sets', async () => {
    const other = await open()
    const stop = other.watch(50)
    const listing = listingOf()
    await pricing.setPrice(of(listing), { input: '3' }, null)
    await expect.poll(() => costAt(listing, nowMs, other), { timeout: 5_000 }).toBe('3 USD')
    await stop()
  })

  it('goes on with the owner’s prices alone where what ships cannot be read', async () => {
    const logged: string[] = []
    const log: Log = { ...silentLog, error: (_fields, message) => void logged.push(message) }
    const broken = await open(() => {
      throw new Error('no such file')
    }, log)
    const listing = listingOf()
    expect(costAt(listing, nowMs, broken)).toBe('no_price')
    await broken.setPrice(of(listing), { free: true }, null)
    expect(costAt(listing, nowMs, broken)).toBe('0 USD')
    expect(logged).toHaveLength(1)
  })
})
