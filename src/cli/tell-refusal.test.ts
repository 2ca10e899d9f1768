import { expect, it } from 'vitest'
import type { JsonObject } from '../kernel/index.ts'
import type { MarketClient } from './client.ts'
import { Failure } from './failure.ts'
import { tellRefusal } from './tell-refusal.ts'

const listing = { id: 'l1', model: 'acme/lion', provider: { name: 'box' } }
const market = { list: async () => [listing] } as unknown as MarketClient
const blind = {
  list: async () => {
    throw new Failure('no', { facts: { status: 403 } })
  },
} as unknown as MarketClient

function failure(facts: JsonObject): Failure {
  return new Failure('boom', { facts: { status: 500, request_id: 'r1', ...facts } })
}

it('says whose words they are, the status, the request and the wait', async () => {
  const told = failure({ listing_id: 'l1', retry_after_seconds: 7 })
  expect((await tellRefusal(market, told)).message).toBe(
    'box (acme/lion) answered 500: "boom" (request r1). Ask again in 7 seconds.',
  )
  expect((await tellRefusal(blind, failure({ listing_id: 'l1' }))).message).toBe(
    'listing l1 answered 500: "boom" (request r1).',
  )
})

it('says of a stream that broke off what it was told of it', async () => {
  const told = failure({ listing_id: 'l1', status: 200 })
  expect((await tellRefusal(market, told)).message).toContain('broke its answer off: "boom"')
})

it('leaves the market’s own words as they are', async () => {
  const own = failure({ code: 'gateway_upstream_failed', listing_id: 'l1' })
  expect((await tellRefusal(market, own)).message).toBe('boom')
  expect((await tellRefusal(market, failure({ retry_after_seconds: 1 }))).message).toBe(
    'boom Ask again in 1 second.',
  )
})
