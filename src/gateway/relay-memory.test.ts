import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, liveListing, openGatewayWorld, until } from '../../tests/support/gateway.ts'
import { openRawUpstream, writeForever } from '../../tests/support/raw-upstream.ts'
import { DEFAULT_RESILIENCE, type Endpoint } from '../catalog/index.ts'

const MIB = 1024 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }
const WHOLE = '{"id":"c","choices":[{"message":{"content":"hi"}}]}'
const well = () =>
  openRawUpstream((_request, response) => response.writeHead(200, JSON_TYPE).end(WHOLE))

/** A gateway before a provider; the well one beside it answers what that cannot. */
async function open(endpoint: Endpoint, answersBytes?: number) {
  const resilience = { ...DEFAULT_RESILIENCE, retries: 1, keepAliveMs: 0 }
  return openGatewayWorld({
    endpoint,
    ...(answersBytes === undefined ? {} : { answersBytes }),
    listing: { resilience },
    others: [liveListing(await well(), { resilience })],
  })
}

describe('what is held of answers', () => {
  it('stays small when many answers unfold to far more than they are, and others answer', async () => {
    const bomb = gzipSync(Buffer.alloc(250 * MIB, 0x20))
    const endpoint = await openRawUpstream((_request, response) =>
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(bomb),
    )
    const world = await open(endpoint)
    const before = process.memoryUsage().rss
    let peak = 0
    const looking = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss - before)
    }, 5)
    const asked = Array.from({ length: 12 }, () => world.post('/chat/completions', chatBody('x')))
    const answers = await Promise.all(asked)
    clearInterval(looking)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(peak).toBeLessThan(400 * MIB)
    expect(world.gateway.heldAnswerBytes).toBe(0)
  })

  it('is bounded for all together: another provider answers, and nobody is blamed', async () => {
    const endpoint = await openRawUpstream((_request, response) => {
      response.writeHead(200, JSON_TYPE)
      writeForever(response, Buffer.alloc(65_536, 'x'), 0)
    })
    const world = await open(endpoint, 4 * MIB)
    for (let at = 0; at < 6; at += 1) {
      const answer = await world.post('/chat/completions', chatBody('x'))
      expect(answer.headers.get('x-baimo-route')).toContain('fallback=upstream_unavailable')
      await answer.text()
    }
    expect(world.moves.filter(([move]) => move === 'opened')).toEqual([])
    await until(() => world.gateway.heldAnswerBytes === 0)
  })

  it('counts events that have no end, of streams', async () => {
    const endpoint = await openRawUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"x":"')
      writeForever(response, Buffer.alloc(65_536, 'x'), 0)
    })
    const world = await openGatewayWorld({ endpoint, answersBytes: 4 * MIB })
    const answer = await world.post('/chat/completions', chatBody('x', { stream: true }))
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('gateway_answers_too_many')
    await world.settled(1)
    expect(world.gateway.heldAnswerBytes).toBe(0)
  })

  it('is at most 1 MiB of an error', async () => {
    const endpoint = await openRawUpstream((_request, response) => {
      response.writeHead(400, JSON_TYPE)
      writeForever(response, Buffer.alloc(65_536, 'x'), 0)
    })
    const world = await openGatewayWorld({ endpoint })
    const answer = await world.post('/chat/completions', chatBody('x'))
    expect(answer.status).toBe(502)
    expect(await answer.text()).toContain('more than 1 MiB')
  })

  it('counts a whole answer until its client has it, or is gone', async () => {
    const large = JSON.stringify({ choices: [{ message: { content: 'x'.repeat(20 * MIB) } }] })
    const endpoint = await openRawUpstream((_request, response) =>
      response.writeHead(200, JSON_TYPE).end(large),
    )
    const world = await openGatewayWorld({ endpoint })
    const socket = connect(Number(new URL(world.baseUrl).port), '127.0.0.1').pause()
    onTestFinished(() => void socket.destroy())
    const body = chatBody('x')
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    await world.settled(1)
    expect(world.gateway.heldAnswerBytes).toBeGreaterThan(20 * MIB)
    socket.destroy()
    await until(() => world.gateway.heldAnswerBytes === 0)
  })
})
