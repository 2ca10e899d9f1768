import type { LookupFunction } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { collect } from '../../tests/upstream/collect.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import type { ProviderId } from '../kernel/index.ts'
import { openProviders } from './index.ts'
import { openPools, type PoolOptions } from './pools.ts'

let upstream: ScriptedUpstream
beforeEach(async () => {
  upstream = await openScriptedUpstream()
})
afterEach(() => upstream.close())

const options: PoolOptions = {
  lookup: (_hostname, _options, done) => done(null, '127.0.0.1', 4),
  connections: 1,
  connectTimeoutMs: 100,
  maxQueued: 1,
  maxQueuedBytes: 1_000,
  idleMs: 60_000,
}

it('has one lane for a provider at its origin, whatever the path, and one for each socket', async () => {
  const pools = openPools(options)
  const at = (fields: object) => pools.routeTo(upstream.endpoint(fields))
  const one = at({ baseUrl: 'http://a.example/v1/' })
  expect(one.prefix).toBe('/v1')
  expect(at({ baseUrl: 'http://a.example' }).lane).toBe(one.lane)
  expect(at({ baseUrl: 'http://b.example/v1' }).lane).not.toBe(one.lane)
  expect(at({ baseUrl: 'http://a.example/v1', socketPath: '/x' }).lane).not.toBe(one.lane)
  const other = { baseUrl: 'http://a.example/v1', providerId: 'other' as ProviderId }
  expect(at(other).lane).not.toBe(one.lane)
  expect(() => at({ baseUrl: 'nonsense' })).toThrow(
    expect.objectContaining({ code: 'providers_url_invalid' }),
  )
  await pools.close()
})

it('gives a lane the bound of its provider, also a new one', async () => {
  const pools = openPools(options)
  const { lane } = pools.routeTo(upstream.endpoint({ maxConnections: 7 }))
  expect(lane.connections).toBe(7)
  expect(pools.routeTo(upstream.endpoint({ maxConnections: 9 })).lane).toBe(lane)
  expect(lane.connections).toBe(9)
  pools.routeTo(upstream.endpoint())
  expect(lane.connections).toBe(1)
  await pools.close()
})

it('forgets a lane in which nobody was for a while, and opens it again when asked', async () => {
  const pools = openPools({ ...options, idleMs: 20 })
  const endpoint = upstream.endpoint()
  const { lane } = pools.routeTo(endpoint)
  const guest = { sizeBytes: 0, isRunning: false, start() {} }
  lane.enter(guest)
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(pools.laneCount).toBe(1)
  lane.leave(guest)
  await expect.poll(() => pools.laneCount).toBe(0)
  expect(pools.routeTo(endpoint).lane).not.toBe(lane)
  await pools.close()
})

it.each([
  ['http://127.0.0.1:80', 'public-only'],
  ['http://[::1]:80', 'public-only'],
  ['http://localhost:80', 'public-only'],
  ['http://169.254.169.254', 'private-allowed'],
] as const)('contacts nobody at %s under the policy %s', async (baseUrl, addressPolicy) => {
  const pools = openPools(options)
  expect(() => pools.routeTo(upstream.endpoint({ baseUrl, addressPolicy }))).toThrow(
    expect.objectContaining({ code: 'providers_address_forbidden' }),
  )
  await pools.close()
})

it('checks every connection anew: a name that changes its mind later in the pool is refused', async () => {
  const answers = ['127.0.0.1', '169.254.169.254', '127.0.0.1']
  const asked: string[] = []
  const lookup: LookupFunction = (hostname, _options, done) => {
    asked.push(hostname)
    done(null, [{ address: answers.shift() ?? '127.0.0.1', family: 4 }])
  }
  const providers = openProviders({ lookup, connections: 2 })
  const { port } = new URL(upstream.baseUrl)
  const endpoint = upstream.endpoint({ baseUrl: `http://turncoat.example:${port}/v1` })
  const ask = (mode: string) =>
    collect(providers, endpoint, { model: `acme/${mode}`, messages: [] } as never)
  expect((await ask('normal').done).status).toBe(200)
  await new Promise(setImmediate) // it is free once its answer's end was seen to
  expect((await ask('normal').done).status).toBe(200) // over the connection that was checked
  await new Promise(setImmediate)
  const slow = ask('stall-before')
  await upstream.waitFor((up) => up.calls().length === 3)
  expect(asked).toHaveLength(1)
  expect((await ask('normal').done).errorCode).toBe('providers_address_forbidden')
  expect((await ask('normal').done).status).toBe(200)
  expect(asked).toEqual(['turncoat.example', 'turncoat.example', 'turncoat.example'])
  slow.abort()
  await providers.close()
})
