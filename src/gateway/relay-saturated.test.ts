import { expect, it, onTestFinished } from 'vitest'
import { chatBody, liveListing, openGatewayWorld, until } from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { DEFAULT_RESILIENCE } from '../catalog/index.ts'
import { defineErrors, newId, refusalsOf } from '../kernel/index.ts'

/** What stands for a hold that ended as if the request had never been. */
const CANCELLED = -1

const refuse = refusalsOf(
  defineErrors({
    providers_saturated: { kind: 'unavailable', title: 'Busy.', isRetryable: true },
    providers_unreachable: { kind: 'upstream', title: 'Nobody there.', isRetryable: true },
  }),
)
const control = { pause() {}, resume() {}, abort() {} }

/** A world whose attempts all fail before they are sent: by these codes, and then by the last. */
async function open(others = 0, codes = ['providers_saturated']) {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const settled: number[] = []
  const endpoint = { ...upstream.endpoint(), providerId: newId<'provider'>() }
  const resilience = { ...DEFAULT_RESILIENCE, retries: 2 }
  const listings = Array.from({ length: others }, () => liveListing(endpoint, { resilience }))
  const world = await openGatewayWorld({
    endpoint,
    listing: { resilience },
    others: listings,
    takeLimits: () => ({
      headers: {},
      settle: (tokens) => void settled.push(tokens),
      cancel: () => void settled.push(CANCELLED),
    }),
    dispatch: (_endpoint, _request, handler) => {
      const code = codes.length > 1 ? codes.shift() : codes[0]
      const error =
        code === 'providers_saturated'
          ? refuse(code, 'All connections are busy.', { retryAfterSeconds: 1 })
          : refuse('providers_unreachable', 'No connection.')
      queueMicrotask(() => handler.onResponseError(control, error))
      return () => undefined
    },
  })
  return { world, settled }
}

it('a request that found no connection free is refused, without a record', async () => {
  const { world, settled } = await open()
  const answer = await world.post('/chat/completions', chatBody('normal'))
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await answer.json()).toMatchObject({ error: { code: 'providers_saturated' } })
  await until(() => world.gateway.runningCount === 0)
  expect([world.usages, world.refusals, settled]).toEqual([
    [],
    ['providers_saturated'],
    [CANCELLED],
  ])
})

it('a flood at a provider whose line is full leaves no records', async () => {
  const { world, settled } = await open(1)
  const one = async (): Promise<number> =>
    (await world.post('/chat/completions', chatBody('normal', { stream: true }))).status
  const statuses = await Promise.all(Array.from({ length: 100 }, one))
  expect(new Set(statuses)).toEqual(new Set([503]))
  await until(() => world.gateway.runningCount === 0)
  expect([world.usages.length, world.refusals.length, settled.length]).toEqual([0, 100, 100])
})

it('a request of which an attempt failed is recorded, though the next found no connection', async () => {
  const { world } = await open(1, ['providers_unreachable', 'providers_saturated'])
  const answer = await world.post('/chat/completions', chatBody('normal'))
  expect(answer.status).toBe(503)
  expect(await world.settled(1)).toMatchObject([{ outcome: 'upstream_error' }])
  expect(world.refusals).toEqual([])
})
