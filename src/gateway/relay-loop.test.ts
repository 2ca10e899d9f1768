import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, openGatewayWorld } from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'

async function open() {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const world = await openGatewayWorld({ endpoint: upstream.endpoint(), marketId: 'a1b2' })
  const ask = (via?: string) => {
    const headers = { 'content-type': 'application/json', ...(via === undefined ? {} : { via }) }
    return world.post('/chat/completions', chatBody('normal'), { headers })
  }
  return { upstream, world, ask }
}

describe('a market that a listing may lead back to', () => {
  it('signs what it sends, after those who signed before', async () => {
    const { upstream, ask } = await open()
    await (await ask()).text()
    await (await ask('1.1 proxy, 1.1 baimo-ffff')).text()
    const signed = upstream.calls().map(({ headers }) => headers.via)
    expect(signed).toEqual(['1.1 baimo-a1b2', '1.1 proxy, 1.1 baimo-ffff, 1.1 baimo-a1b2'])
  })

  it('refuses what it has signed itself, and no client tries again', async () => {
    const { upstream, world, ask } = await open()
    const answer = await ask('1.1 baimo-ffff, 1.1 baimo-a1b2')
    expect(answer.status).toBe(508)
    expect(answer.headers.get('x-should-retry')).toBe('false')
    expect(await answer.json()).toMatchObject({ error: { code: 'gateway_loop' } })
    expect(upstream.hits).toEqual([])
    expect(world).toMatchObject({ usages: [], refusals: ['gateway_loop'] })
  })

  it('goes round once when its only listing is itself', async () => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const endpoint = { ...upstream.endpoint(), baseUrl: '' }
    const world = await openGatewayWorld({
      endpoint,
      marketId: 'a1b2',
      listing: { upstreamModel: 'normal' },
    })
    endpoint.baseUrl = world.baseUrl
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(answer.status).toBe(508)
    expect(answer.headers.get('x-should-retry')).toBe('false')
    await answer.text()
    expect(await world.settled(1)).toHaveLength(1)
    expect(world.refusals).toEqual(['gateway_loop'])
  })
})
