import { describe, expect, test } from 'vitest'
import { exchange, openServedWorld } from '../../tests/support/server.ts'
import { jsonRoute } from '../people/index.ts'

describe('stopping', () => {
  function slowRoute() {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const route = jsonRoute({
      access: 'member',
      scope: 'api',
      dialect: 'problem',
      summary: 'For tests',
      method: 'GET',
      path: '/api/slow',
      handle: async () => {
        started.resolve()
        await gate.promise
        return { json: { done: true } }
      },
    })
    return { route, gate, started }
  }

  test('lets what runs end, and tells all others so, until nothing runs', async () => {
    const slow = slowRoute()
    const { server, ownerKey } = await openServedWorld([slow.route])
    const headers = { authorization: `Bearer ${ownerKey}` }
    expect((await fetch(`${server.url}/healthz`)).headers.get('connection')).toBe('keep-alive')
    const running = fetch(`${server.url}/api/slow`, { headers })
    await slow.started.promise
    const closed = server.close({ graceMs: 5_000 })
    // The first goes on a connection that was kept, the others on new ones.
    for (const method of ['GET', 'GET', 'POST']) {
      const refused = await fetch(`${server.url}/api/keys`, { method, headers })
      expect(refused.status).toBe(503)
      expect(refused.headers.get('connection')).toBe('close')
      expect(refused.headers.get('retry-after')).toBe('5')
      expect(await refused.json()).toMatchObject({ code: 'http_stopping' })
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    slow.gate.resolve()
    const answer = await running
    expect(answer.headers.get('connection')).toBe('close')
    expect(await answer.json()).toEqual({ done: true })
    await closed
    await expect(fetch(`${server.url}/healthz`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    })
  })

  test('takes requests while it drains, each for the last time on its connection', async () => {
    const { server, ownerKey } = await openServedWorld()
    const headers = { authorization: `Bearer ${ownerKey}` }
    const closed = server.close({ drainMs: 300, graceMs: 5_000 })
    const taken = await fetch(`${server.url}/api/me`, { headers })
    expect(taken.status).toBe(200)
    expect(taken.headers.get('connection')).toBe('close')
    await closed
  })

  test('refuses an upload in a way that its sender can read', async () => {
    const slow = slowRoute()
    const { server, ownerKey } = await openServedWorld([slow.route])
    const headers = { authorization: `Bearer ${ownerKey}`, 'content-type': 'application/json' }
    const running = fetch(`${server.url}/api/slow`, { headers })
    await slow.started.promise
    const closed = server.close({ graceMs: 5_000 })
    const body = JSON.stringify({ name: 'x'.repeat(900_000) })
    const refused = await fetch(`${server.url}/api/keys`, { method: 'POST', headers, body })
    expect(await refused.json()).toMatchObject({ code: 'http_stopping' })
    slow.gate.resolve()
    await running
    await closed
  })

  test('ends at once where connections are open and nothing runs', async () => {
    const { server } = await openServedWorld()
    await fetch(`${server.url}/healthz`)
    const startedMs = performance.now()
    await server.close({ graceMs: 5_000 })
    expect(performance.now() - startedMs).toBeLessThan(500)
  })

  test('answers a good request, whatever follows it on its connection', async () => {
    const slow = slowRoute()
    const { server, ownerKey } = await openServedWorld([slow.route])
    const good = `GET /api/slow HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ownerKey}\r\n\r\n`
    const answered = exchange(server.port, `${good}garbage\r\n\r\n`)
    await slow.started.promise
    slow.gate.resolve()
    expect(await answered).toContain('{"done":true}')
  })

  test('cuts what runs when the grace is over', async () => {
    const slow = slowRoute()
    const { server, ownerKey } = await openServedWorld([slow.route])
    const headers = { authorization: `Bearer ${ownerKey}` }
    const running = fetch(`${server.url}/api/slow`, { headers }).catch((error: unknown) => error)
    await slow.started.promise
    const started = Date.now()
    await server.close({ graceMs: 200 })
    expect(Date.now() - started).toBeLessThan(2_000)
    expect(await running).toBeInstanceOf(TypeError)
    slow.gate.resolve()
  })

  test('takes nothing more from a connection that was kept open', async () => {
    const slow = slowRoute()
    const { server, ownerKey } = await openServedWorld([slow.route])
    const request = (path: string) =>
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ownerKey}\r\n\r\n`
    const pipelined = exchange(server.port, request('/api/slow') + request('/api/me'))
    await slow.started.promise
    const closed = server.close({ graceMs: 5_000 })
    slow.gate.resolve()
    expect(await pipelined).not.toContain('"via":"key"')
    await closed
  })
})
