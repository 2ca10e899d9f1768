import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { chatBody, liveListing, openGatewayWorld } from '../../tests/support/gateway.ts'
import { openRawUpstream, writeForever } from '../../tests/support/raw-upstream.ts'
import { DEFAULT_RESILIENCE, type Resilience } from '../catalog/index.ts'

const SSE = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }
const delta = (value: object) =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: value }] })}\n\n`
const whole = '{"id":"c","choices":[{"message":{"content":"hi"}}]}'

/** What begins, and then comes for ever. */
function trickle(head: Record<string, string>, first: string, piece: string) {
  return (response: ServerResponse): void => {
    response.writeHead(200, head)
    if (first !== '') response.write(first)
    writeForever(response, piece, 10)
  }
}

async function ask(
  answer: (response: ServerResponse) => void,
  isStream: boolean,
  given: Partial<Resilience> = {},
) {
  const first = await openRawUpstream((_request, response) => answer(response))
  const second = await openRawUpstream((_request, response) =>
    response.writeHead(200, JSON_TYPE).end(whole),
  )
  const resilience = { ...DEFAULT_RESILIENCE, retries: 1, keepAliveMs: 0, ...given }
  const world = await openGatewayWorld({
    endpoint: first,
    listing: { resilience },
    others: [liveListing(second, { resilience })],
  })
  const startedMs = performance.now()
  const got = await world.post('/chat/completions', chatBody('x', { stream: isStream }))
  const text = await got.text()
  const tookMs = performance.now() - startedMs
  return { world, tookMs, status: got.status, text, route: got.headers.get('x-baimo-route') }
}

describe('a provider that gives signs of life and no content', () => {
  it.each([
    ['white space for a whole answer', false, trickle(JSON_TYPE, '', ' \n')],
    ['comments', true, trickle(SSE, '', ': x\n\n')],
    ['whose turn it is', true, trickle(SSE, '', delta({ role: 'assistant', content: '' }))],
    ['empty text', true, trickle(SSE, delta({ role: 'assistant' }), ': x\n\n')],
  ])(
    'is left for another after the time to the first byte: %s',
    async (_name, isStream, answer) => {
      const given = { firstByteTimeoutMs: 200, idleTimeoutMs: 60_000 }
      const { text, route, tookMs } = await ask(answer, isStream, given)
      // Who says the role again and again has begun by then: it ends with an error event.
      if (route === 'name') expect(text).toContain('gateway_upstream_timeout')
      else expect(route).toBe('name; attempts=2; fallback=upstream_timeout')
      expect(tookMs).toBeGreaterThan(190)
      expect(tookMs).toBeLessThan(2_000)
    },
  )

  it.each([
    ['comments', ': x\n\n'],
    ['empty text', delta({ content: '' })],
  ])('is ended in the middle of a stream after the idle time: %s', async (_name, piece) => {
    const given = { firstByteTimeoutMs: 60_000, idleTimeoutMs: 200 }
    const { text, tookMs } = await ask(trickle(SSE, delta({ content: 'a' }), piece), true, given)
    expect(text).toContain('gateway_upstream_timeout')
    expect(tookMs).toBeLessThan(2_000)
  })

  it('is left in the middle of a whole answer after the idle time', async () => {
    const given = { firstByteTimeoutMs: 60_000, idleTimeoutMs: 200 }
    const { status, tookMs } = await ask(trickle(JSON_TYPE, '{"id":', ' '), false, given)
    expect(status).toBe(200)
    expect(tookMs).toBeLessThan(2_000)
  })

  it('may think as long as it says so, up to the time to the first byte', async () => {
    const thinks = (response: ServerResponse): void => {
      response.writeHead(200, SSE)
      const pings = setInterval(() => response.write(': thinking\n\n'), 10)
      setTimeout(() => {
        clearInterval(pings)
        response.end(`${delta({ content: 'a' })}data: [DONE]\n\n`)
      }, 500)
    }
    const given = { firstByteTimeoutMs: 10_000, idleTimeoutMs: 100 }
    const { text, route } = await ask(thinks, true, given)
    expect([text.endsWith('data: [DONE]\n\n'), route]).toEqual([true, 'name'])
  })
})
