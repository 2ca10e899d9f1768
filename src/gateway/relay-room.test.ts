import { expect, it, onTestFinished } from 'vitest'
import {
  chatBody,
  type GatewayWorld,
  liveListing,
  openGatewayWorld,
  until,
} from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { DEFAULT_RESILIENCE, type LiveListing } from '../catalog/index.ts'
import { newId } from '../kernel/index.ts'

const FILLER = 'x'.repeat(3_000)

/** Two providers of every model, before 10 kB for bodies: half of it is one body of these tests. */
async function open(modeOfOther: string | null) {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const resilience = { ...DEFAULT_RESILIENCE, retries: 1 }
  const first = { ...upstream.endpoint(), providerId: newId<'provider'>() }
  const second = { ...upstream.endpoint(), providerId: newId<'provider'>() }
  const other: LiveListing | null =
    modeOfOther === null
      ? null
      : liveListing(second, { upstreamModel: `acme/${modeOfOther}`, resilience })
  const world = await openGatewayWorld({
    endpoint: first,
    listing: { resilience },
    others: other === null ? [] : [other],
    bodiesBytes: 10_000,
  })
  return { world, other }
}

/** A request whose provider says nothing, until it is given up. */
async function waitAt(world: GatewayWorld, mode: string): Promise<() => Promise<void>> {
  const before = world.gateway.runningCount
  const leaving = new AbortController()
  const body = chatBody(mode, { filler: FILLER })
  const asked = world
    .post('/chat/completions', body, { signal: leaving.signal })
    .catch(() => undefined)
  await until(() => world.gateway.runningCount > before)
  return async () => {
    leaving.abort()
    await asked
  }
}

async function ask(world: GatewayWorld): Promise<Response> {
  return world.post('/chat/completions', chatBody('normal', { filler: FILLER }))
}

it('a request goes to another provider where the first has its half of the memory full', async () => {
  const { world, other } = await open('normal')
  const giveUp = await waitAt(world, 'stall-before')
  const answer = await ask(world)
  expect([answer.status, answer.headers.get('x-baimo-listing')]).toEqual([200, other?.listingId])
  expect(answer.headers.get('x-baimo-route')).toBe('name; fallback=upstream_saturated')
  await answer.text()
  await giveUp()
})

it('it is refused where there is no other, and dispatched once there is room', async () => {
  const { world } = await open(null)
  const giveUp = await waitAt(world, 'stall-before')
  const refused = await ask(world)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(world.refusals).toEqual(['gateway_bodies_too_many'])
  await giveUp()
  await until(() => world.gateway.runningCount === 0)
  expect((await ask(world)).status).toBe(200)
})

it('the body of a request that fell back counts for the provider that has it now', async () => {
  const { world } = await open('stall-before')
  const giveUp = await waitAt(world, 'refuse-500')
  await until(() => world.moves.length === 1)
  expect((await ask(world)).status).toBe(200)
  await giveUp()
})
