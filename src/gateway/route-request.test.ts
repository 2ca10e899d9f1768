import { describe, expect, it } from 'vitest'
import { liveListing, memberPrincipal } from '../../tests/support/gateway.ts'
import type { Endpoint } from '../catalog/index.ts'
import type { RouteAsk } from '../routing/index.ts'
import { readEnvelope } from './read-envelope.ts'
import { routeRequest } from './route-request.ts'

const endpoint = { quirks: { acceptsStreamOptions: true, rejectedParameters: ['tools'] } }
const listing = liveListing(endpoint as never as Endpoint)

async function route(operation: 'chat' | 'completions', more: object) {
  const body = Buffer.from(JSON.stringify({ model: 'auto', ...more }))
  const reading = readEnvelope(body, operation)
  if (reading.kind === 'fault') throw new Error(reading.message)
  const asked: RouteAsk[] = []
  const routing = {
    isRouted: () => true,
    bound: <Found>(found: Found) => found,
    headersOf: () => [],
    choose: async (ask: RouteAsk) => {
      asked.push(ask)
      const why = { how: 'auto; by=price', route: 'by=price', purpose: 'exploration' } as const
      return { listing, others: [], ...why }
    },
  }
  const admission = await routeRequest(routing, {
    ...{ operation, principal: memberPrincipal(), envelope: reading.envelope },
    standingOf: () => 'healthy',
  })
  return { admission, ask: asked[0] }
}

describe('routeRequest', () => {
  it('tells routing what a chat is about, and takes over where and why', async () => {
    const messages = [{ role: 'user', content: 'hello' }]
    const { admission, ask } = await route('chat', { messages })
    expect(ask).toMatchObject({ name: 'auto', conversation: { asked: 'hello' } })
    expect(ask?.fits(listing)).toBe(true)
    expect(admission).toMatchObject({ listing, how: 'auto; by=price', purpose: 'exploration' })
  })

  it('knows nothing of what a completion is about', async () => {
    const { ask } = await route('completions', { prompt: 'hello' })
    expect(ask?.conversation).toEqual({ asked: null, beginning: null })
  })

  it('lets routing ask who can do it', async () => {
    const messages = [{ role: 'user', content: 'hello' }]
    const { ask } = await route('chat', { messages, tools: [] })
    expect(ask?.fits(listing)).toBe(false)
  })
})
