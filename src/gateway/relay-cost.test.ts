import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, openGatewayWorld } from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import type { RequestPrices } from './types.ts'

/** A cent a token of output; one dollar is one dollar. */
const PRICES: RequestPrices = {
  isTimed: () => false,
  costOf: (_listing, tokens) => ({
    isKnown: true,
    amountPico: BigInt(tokens.output) * 10n ** 10n,
    currency: 'USD',
    priceRef: 'test',
  }),
  inUsd: (cost) => String(Number(cost.amountPico) / 1e12),
}

async function openWorld(prices?: Partial<RequestPrices>) {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  return await openGatewayWorld({
    endpoint: upstream.endpoint(),
    ...(prices === undefined ? {} : { prices: { ...PRICES, ...prices } }),
  })
}

describe('what a request cost', () => {
  it('is in its record, and with a whole answer', async () => {
    const world = await openWorld({})
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(answer.headers.get('x-baimo-cost-usd')).toBe('0.08')
    expect((await world.settled(1))[0]).toMatchObject({
      cost: { isKnown: true, amountPico: 80_000_000_000n, currency: 'USD' },
      computeMs: null,
    })
  })

  it('is in the record of a stream alone, which begins before it is known', async () => {
    const world = await openWorld({})
    const answer = await world.post('/chat/completions', chatBody('normal', { stream: true }))
    await answer.text()
    expect(answer.headers.has('x-baimo-cost-usd')).toBe(false)
    expect((await world.settled(1))[0]).toMatchObject({ cost: { isKnown: true } })
  })

  it.each<[string, Partial<RequestPrices>]>([
    ['the price', { costOf: () => ({ isKnown: false, reason: 'no_price' }) }],
    ['the exchange rate', { inUsd: () => null }],
  ])('is not told while %s is unknown', async (_what, prices) => {
    const world = await openWorld(prices)
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect([answer.status, answer.headers.has('x-baimo-cost-usd')]).toEqual([200, false])
  })

  it('is unknown where nobody knows prices, and where finding it out fails', async () => {
    const world = await openWorld()
    await world.post('/chat/completions', chatBody('normal'))
    const unknown = { cost: { isKnown: false, reason: 'not_priced' } }
    expect((await world.settled(1))[0]).toMatchObject(unknown)
    const broken = await openWorld({
      costOf: () => {
        throw new Error('a bug')
      },
    })
    const answer = await broken.post('/chat/completions', chatBody('normal'))
    expect(answer.status).toBe(200)
    expect((await broken.settled(1))[0]).toMatchObject(unknown)
    expect(broken.logged.map(({ message }) => message)).toEqual([
      'what a request costs was not found out',
    ])
  })

  it('is by measured time where that is paid for, which requests share that run at once', async () => {
    const times: (number | null)[] = []
    const world = await openWorld({
      isTimed: () => true,
      costOf: (_listing, _tokens, { computeMs }) => {
        times.push(computeMs)
        return { isKnown: false, reason: 'no_price' }
      },
    })
    const startedMs = performance.now()
    await Promise.all(
      Array.from({ length: 4 }, () =>
        world.post('/chat/completions', chatBody('normal?wait_ms=120')).then((it) => it.text()),
      ),
    )
    const wholeMs = performance.now() - startedMs
    await world.settled(4)
    const sumMs = times.reduce<number>((sum, ms) => sum + (ms ?? Number.NaN), 0)
    expect(sumMs).toBeGreaterThan(100)
    expect(sumMs).toBeLessThan(wholeMs)
    expect((await world.settled(4)).map(({ computeMs }) => computeMs)).toEqual(times)
  })
})
