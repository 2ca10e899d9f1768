import { describe, expect, test } from 'vitest'
import { principalWith } from '../../tests/support/principal.ts'
import { openTestServer } from '../../tests/support/server.ts'
import type { RawRoute } from '../people/index.ts'

/** Says who called, and fails when it is asked to. */
const route: RawRoute = {
  kind: 'raw',
  access: 'member',
  scope: null,
  dialect: 'openai',
  summary: 'For tests',
  method: 'POST',
  path: '/v1/raw',
  handle: (request, response, caller) => {
    if (request.headers['x-fail'] !== undefined) throw new Error('a bug')
    response.writeHead(200, {
      'content-type': 'text/plain',
      'x-request-id': caller.requestId,
      'x-content-type-options': 'nosniff',
    })
    response.end(caller.principal.keyId)
  },
}

async function openDoor() {
  const me = principalWith()
  const server = await openTestServer({ routes: [route], authenticate: () => me })
  const ask = async (path: string, headers: Record<string, string>) => {
    const answer = await fetch(server.url + path, { method: 'POST', headers, body: '{}' })
    const kept = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id')
    return {
      id: answer.headers.get('x-request-id'),
      same: { status: answer.status, headers: Object.fromEntries(kept), body: await answer.text() },
    }
  }
  return { me, ask }
}

describe('a raw route', () => {
  const key = { authorization: 'Bearer any' }
  test.each([
    ['whom it lets in', key, 200],
    ['whom it refuses', {}, 401],
    ['when it fails by a bug', { ...key, 'x-fail': '1' }, 500],
  ])(
    'answers alike by its plain path and by any other spelling: %s',
    async (_, headers, status) => {
      const { ask } = await openDoor()
      const short = await ask('/v1/raw', headers)
      const long = await ask('/v1/raw?x=1', headers)
      expect(short.same.status).toBe(status)
      expect(short.same).toEqual(long.same)
      expect([short.id, long.id]).toEqual([
        expect.stringMatching(/^[0-9a-f-]{36}$/),
        expect.stringMatching(/^[0-9a-f-]{36}$/),
      ])
    },
  )

  test('knows its caller', async () => {
    const { me, ask } = await openDoor()
    expect((await ask('/v1/raw', key)).same.body).toBe(me.keyId)
  })
})
