import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Market, startMarket } from '../support/market.ts'
import { eventsOf, streamedText } from '../upstream/collect.ts'
import { openScriptedUpstream, type ScriptedUpstream } from '../upstream/scripted-upstream.ts'

const MODEL = 'acme/normal'

describe('a model at two providers', () => {
  let market: Market
  let first: ScriptedUpstream
  let second: ScriptedUpstream

  beforeAll(async () => {
    market = await startMarket()
    first = await openScriptedUpstream({ modelList: [MODEL] })
    second = await openScriptedUpstream({ modelList: [MODEL] })
    for (const { baseUrl } of [first, second]) {
      const added = await api('POST', '/api/providers', { url: baseUrl, models: [MODEL] })
      expect(added.status).toBe(201)
    }
    const { json } = await api('GET', '/api/proposals')
    for (const { id } of json.data) {
      await api('POST', `/api/proposals/${id}`, { decision: 'same' })
    }
  })
  afterAll(async () => {
    await first.close()
    await second.close()
    await market.stop()
  })

  async function api(method: string, path: string, body?: object) {
    const answer = await fetch(`${market.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${market.ownerKey}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') === true
    return { answer, status: answer.status, text, json: isJson ? JSON.parse(text) : null }
  }
  const ask = (more: object = {}) =>
    api('POST', '/v1/chat/completions', {
      model: MODEL,
      messages: [{ role: 'user', content: 'hi' }],
      ...more,
    })
  const routeOf = ({ answer }: { answer: Response }) => answer.headers.get('x-baimo-route')

  it('is served by the other while one is down, then without asking it, then by it again', async () => {
    expect(routeOf(await ask())).toBe('name')
    const [alive, dying] = first.calls().length > 0 ? [second, first] : [first, second]
    await dying.goAway()
    // It has answered a moment ago: 15 more failures than answers say that it is down.
    for (let at = 0; at < 15; at += 1) {
      const answer = await ask({ stream: at % 2 === 0 })
      expect(answer.status).toBe(200)
      expect(routeOf(answer)).toMatch(/^name; attempts=2; fallback=upstream_(unreachable|reset)$/)
      if (at % 2 > 0) continue
      const { chunks, isDone } = eventsOf(Buffer.from(answer.text))
      expect(isDone).toBe(true)
      expect(streamedText(chunks)).toContain('Hello')
    }
    const rested = await ask()
    expect(routeOf(rested)).toBe('name; fallback=listing_resting')
    expect(alive.calls()).toHaveLength(16)
    const { json: usage } = await api('GET', '/api/usage')
    const listings = new Set(usage.data.map((row: { listing_id: string }) => row.listing_id))
    expect(usage.data).toHaveLength(17)
    expect(listings.size).toBe(2)
    const { text: metrics } = await api('GET', '/metrics')
    expect(metrics).toMatch(/^baimo_fallbacks_total\{listing="[^"]+",reason="upstream_\w+"\} /m)
    expect(metrics).toMatch(/^baimo_breaker_opened_total\{[^}]+\} 1$/m)
    expect(metrics).toMatch(/^baimo_breaker_open\{listing="[^"]+"\} 1$/m)
    await dying.comeBack()
    const deadlineMs = performance.now() + 15_000
    while (routeOf(await ask()) !== 'name') {
      expect(performance.now()).toBeLessThan(deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    expect((await api('GET', '/metrics')).text).not.toMatch(/^baimo_breaker_open\{[^}]+\} 1$/m)
  })

  it('signs its requests, and refuses them when they come back', async () => {
    const via = first.calls().at(-1)?.headers.via ?? second.calls().at(-1)?.headers.via ?? ''
    expect(via).toMatch(/^1\.1 baimo-[\w-]+$/)
    const answer = await fetch(`${market.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${market.ownerKey}`,
        'content-type': 'application/json',
        via,
      },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(answer.status).toBe(508)
    await answer.text()
  })
})
