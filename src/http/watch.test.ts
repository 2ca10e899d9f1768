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

  test('lets what runs end, and takes nothing more', async () => {
    const slow = slowRoute()
    const { server, ownerKey } = await openServedWorld([slow.route])
    const headers = { authorization: `Bearer ${ownerKey}` }
    const running = fetch(`${server.url}/api/slow`, { headers })
    await slow.started.promise
    const closed = server.close({ graceMs: 5_000 })
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
    slow.gate.resolve()
    expect(await (await running).json()).toEqual({ done: true })
    await closed
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
