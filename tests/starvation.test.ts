import { Agent, type IncomingMessage, request } from 'node:http'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { DEFAULT_RESILIENCE, type Endpoint, type LiveListing } from '../src/catalog/index.ts'
import { openProviders } from '../src/providers/index.ts'
import { chatBody, liveListing, openGatewayWorld } from './support/gateway.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

const PATIENT = { timeout: 30_000 }

let good: ScriptedUpstream
let stalled: ScriptedUpstream
beforeEach(async () => {
  good = await openScriptedUpstream()
  stalled = await openScriptedUpstream()
})
afterEach(async () => {
  await Promise.all([good.close(), stalled.close()])
})

/** A gateway before a good provider and, for the model `stall-before`, one that never answers. */
function openWorld(options: { bodiesBytes: number; maxQueuedBytes: number }) {
  const providers = openProviders({ maxQueuedBytes: options.maxQueuedBytes })
  onTestFinished(() => providers.close())
  const listings = new Map<string, LiveListing>([
    ['stall-before', listingAt(stalled.endpoint(), 'stall-before')],
    ['normal', listingAt(good.endpoint(), 'normal')],
  ])
  return openGatewayWorld({
    endpoint: good.endpoint(),
    bodiesBytes: options.bodiesBytes,
    dispatch: providers.dispatch,
    resolve: (name) => {
      const listing = listings.get(name)
      return listing === undefined ? null : { kind: 'listing', listing, others: [], how: 'name' }
    },
  })
}

function listingAt(endpoint: Endpoint, mode: string): LiveListing {
  return liveListing(endpoint, {
    modelName: `acme/${mode}`,
    upstreamModel: `acme/${mode}`,
    resilience: { ...DEFAULT_RESILIENCE, retries: 0, fallsBack: false },
  })
}

/** Clients that ask for the stalled model at once; `refused` counts those that got a 503. */
function crowd(url: string, body: string) {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })
  const seen = { refused: 0 }
  const clients = Array.from({ length: 2_000 }, () => {
    const client = request(`${url}/chat/completions`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
    })
    client.on('response', (answer: IncomingMessage) => {
      seen.refused += Number(answer.statusCode === 503)
      answer.resume()
    })
    client.on('error', () => client.destroy()) // it hangs up at the end
    client.end(body)
    return client
  })
  const leave = (): void => {
    for (const client of clients) client.destroy()
  }
  return { seen, leave }
}

it('a provider that stalls under 2,000 requests neither slows others down nor takes all memory', {
  timeout: 90_000,
}, async () => {
  const world = await openWorld({ bodiesBytes: 16 * 1024 * 1024, maxQueuedBytes: 4 * 1024 * 1024 })
  const padding = 'x'.repeat(10_000)
  const { seen, leave } = crowd(world.baseUrl, chatBody('stall-before', { padding }))
  await expect.poll(() => stalled.calls().length, PATIENT).toBe(64)
  // 2,000 bodies would be more than the gateway may hold of all: most are refused at the line.
  await expect.poll(() => seen.refused, PATIENT).toBeGreaterThan(1_000)
  const tookMs: number[] = []
  for (let i = 0; i < 50; i++) {
    const startedMs = performance.now()
    const answer = await world.post('/chat/completions', chatBody('normal', { padding }))
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Hello')])
    tookMs.push(performance.now() - startedMs)
  }
  expect(tookMs.toSorted((a, b) => a - b)[25]).toBeLessThan(200)
  expect(stalled.calls()).toHaveLength(64)
  leave()
  await expect.poll(() => world.gateway.runningCount, PATIENT).toBe(0)
})
