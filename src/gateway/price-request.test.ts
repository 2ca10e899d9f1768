import { expect, it } from 'vitest'
import { liveListing } from '../../tests/support/gateway.ts'
import type { Endpoint } from '../catalog/index.ts'
import { newId, silentLog } from '../kernel/index.ts'
import { RequestPrice } from './price-request.ts'
import { Computing } from './share-time.ts'
import type { RequestPrices } from './types.ts'

const TOKENS = { input: 1, cachedInput: 0, cacheWrite: 0, output: 2, reasoning: 0 }

function endpoint(): Endpoint {
  return {
    providerId: newId<'provider'>(),
    dialect: 'openai',
    baseUrl: 'http://127.0.0.1:9/v1',
    socketPath: null,
    authHeader: null,
    quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
  }
}

/** A request at 0, and a clock that the test sets. */
function open(isTimed: boolean) {
  let nowMs = 0
  const asked: (number | null)[] = []
  const prices: RequestPrices = {
    isTimed: () => isTimed,
    costOf: (_listing, tokens, { computeMs }) => {
      asked.push(computeMs)
      return {
        isKnown: true,
        amountPico: BigInt(tokens.output),
        currency: 'USD',
        priceRef: 'r',
      }
    },
    inUsd: ({ amountPico }) => `${amountPico}`,
  }
  const relay = {
    prices,
    computing: new Computing(),
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    log: silentLog,
  }
  const admitted = { requestId: newId<'request'>(), startedAtMs: 0 }
  const price = new RequestPrice(relay, admitted)
  const at = (ms: number): void => {
    nowMs = ms
  }
  return { price, asked, relay, at }
}

it('prices what came of a request, and tells it in dollars', () => {
  const { price, asked } = open(false)
  const listing = liveListing(endpoint())
  price.begin(listing)
  price.end(listing, TOKENS)
  expect(price.cost).toMatchObject({ isKnown: true, amountPico: 2n })
  expect([price.usd, price.computeMs, asked]).toEqual(['2', null, [null]])
})

it('measures time where that is paid for, and none at another provider', () => {
  const listing = liveListing(endpoint())
  const one = open(true)
  one.price.begin(listing)
  one.at(250)
  one.price.end(listing, TOKENS)
  expect(one.asked).toEqual([250])
  const other = open(true)
  other.price.begin(listing)
  other.at(250)
  other.price.end(liveListing(endpoint()), TOKENS)
  expect(other.asked).toEqual([null])
})

it('lets no time run on where nothing was sent', () => {
  const listing = liveListing(endpoint())
  const { price, relay, at } = open(true)
  price.begin(listing)
  price.end(listing, null)
  at(1_000)
  const time = relay.computing.of(listing.endpoint.providerId)
  const began = time.begin(1_000)
  expect(time.end(began, 1_100)).toBe(100)
  expect([price.cost.isKnown, price.usd]).toEqual([false, null])
})
