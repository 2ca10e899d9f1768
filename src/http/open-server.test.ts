import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { exchange, openServedWorld, openTestServer } from '../../tests/support/server.ts'
import { AssertionFailure, type Log, Refusal } from '../kernel/index.ts'
import { jsonRoute, type RawRoute, type Route } from '../people/index.ts'

const base = { access: 'member', scope: 'api', dialect: 'problem', summary: 'For tests' } as const

const echo = jsonRoute({
  ...base,
  method: 'POST',
  path: '/api/echo',
  body: z.object({ text: z.string(), inner: z.array(z.object({ n: z.number() })).optional() }),
  handle: ({ body }) => ({ json: { text: body.text } }),
})
const names = jsonRoute({
  ...base,
  method: 'GET',
  path: '/api/names/*',
  params: z.object({ '*': z.string() }),
  query: z.object({ limit: z.coerce.number().int().max(10).default(5) }),
  handle: ({ params, query }) => ({ json: { name: params['*'], limit: query.limit } }),
})
const bug = jsonRoute({
  ...base,
  method: 'GET',
  path: '/api/bug',
  handle: () => {
    throw new AssertionFailure('secret inside')
  },
})
const relay: RawRoute = {
  ...base,
  kind: 'raw',
  method: 'POST',
  path: '/v1/relay',
  dialect: 'openai',
  handle: (request, response, { principal, requestId }) => {
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    request.on('end', () => {
      const own = { 'x-request-id': requestId, 'x-content-type-options': 'nosniff' }
      response.writeHead(200, { ...own, 'content-type': 'application/json' })
      response.end(JSON.stringify({ size, role: principal.role }))
    })
  },
}
const rawBug: RawRoute = {
  ...relay,
  path: '/v1/bug',
  handle: () => {
    throw new Error('secret inside')
  },
}
const storeless = jsonRoute({
  ...base,
  method: 'DELETE',
  path: '/api/storeless',
  writesStore: false,
  handle: () => ({ json: {} }),
})
const extra: Route[] = [echo, names, bug, relay, rawBug, storeless]

async function world(options: Parameters<typeof openServedWorld>[1] = {}) {
  const served = await openServedWorld(extra, options)
  const call = (path: string, init: RequestInit & { key?: string | null } = {}) => {
    const { key = served.ownerKey, ...rest } = init
    const headers = new Headers(rest.headers)
    if (key !== null) headers.set('authorization', `Bearer ${key}`)
    return fetch(served.server.url + path, { redirect: 'manual', ...rest, headers })
  }
  const post = (path: string, body: unknown, init: Parameters<typeof call>[1] = {}) =>
    call(path, {
      method: 'POST',
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    } as RequestInit)
  return { ...served, call, post }
}

describe('keys on the wire', () => {
  test('missing, wrong, revoked and expired keys are told apart, in both dialects', async () => {
    const { call, post, people, owner, clock } = await world()
    const revoked = await people.keys.create(owner, { name: 'a' })
    await people.keys.revoke(owner, revoked.key.id)
    const expired = await people.keys.create(owner, {
      name: 'b',
      expiresAt: new Date(clock.nowMs() + 1_000),
    })
    clock.move(2_000)
    for (const [key, code] of [
      [null, 'people_key_missing'],
      ['sk-nonsense', 'people_key_wrong'],
      [revoked.secret, 'people_key_revoked'],
      [expired.secret, 'people_key_expired'],
    ] as const) {
      const problem = await call('/api/me', { key })
      expect(problem.status).toBe(401)
      expect(problem.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      expect(problem.headers.get('x-should-retry')).toBe('false')
      expect(problem.headers.get('www-authenticate')).toContain('Bearer')
      const body = await bodyOf(problem)
      expect(body).toMatchObject({ status: 401, code, title: 'Unauthorized' })
      expect(body.request_id).toBe(problem.headers.get('x-request-id'))

      const openai = await post('/v1/relay', {}, { key })
      expect(openai.status).toBe(401)
      expect(await openai.json()).toEqual({
        error: { message: expect.any(String), type: 'invalid_request_error', param: null, code },
      })
    }
  })

  test('x-api-key and a bare authorization work too, and a key wins over a cookie', async () => {
    const { call, ownerKey } = await world()
    const me = async (headers: Record<string, string>) =>
      (await call('/api/me', { key: null, headers })).status
    expect(await me({ 'x-api-key': ownerKey })).toBe(200)
    expect(await me({ authorization: ownerKey })).toBe(200)
    expect(await me({ authorization: 'Bearer wrong', cookie: 'baimo_session=x' })).toBe(401)
    expect(await me({ authorization: 'Bearer ', cookie: 'baimo_session=x' })).toBe(401)
  })

  test('a key is checked before the body is read', async () => {
    const { server } = await world()
    const head = 'POST /api/echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
    const text = await exchange(server.port, `${head}content-length: 100000\r\n\r\n{`, 500)
    expect(text).toContain('401 Unauthorized')
  })

  test('who asks before sending a body is asked for it once let in, and not before', async () => {
    const { server, ownerKey } = await world()
    const head = (key: string) =>
      `POST /v1/relay HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\n` +
      'expect: 100-continue\r\ncontent-length: 5\r\n\r\n'
    const refused = await exchange(server.port, head('wrong'), 2_000)
    expect(refused).toMatch(/^HTTP\/1.1 401 /)
    expect(refused).toContain('connection: close')
    const asked = await exchange(server.port, head(ownerKey), 300)
    expect(asked).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  })

  test('an expectation that nobody knows, or no host at all, is answered in our words', async () => {
    const { server } = await world()
    const strange = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nexpect: 200-ok\r\n\r\n'
    const passed = await exchange(server.port, strange, 300)
    expect(passed).toMatch(/^HTTP\/1.1 200 [\s\S]*x-request-id: /)
    expect(passed).not.toContain('100 Continue')
    const hostless = await exchange(server.port, 'GET /healthz HTTP/1.1\r\n\r\n', 300)
    expect(hostless).toMatch(/^HTTP\/1.1 400 [\s\S]*x-request-id: [\s\S]*http_request_malformed/)
  })

  test('role and scope are refused with what would help', async () => {
    const { call, people, owner, addPerson } = await world()
    const member = await addPerson(owner, 'member')
    const weak = await call('/api/people', { key: member.key })
    expect(weak.status).toBe(403)
    expect(await weak.json()).toMatchObject({ code: 'people_role_too_weak' })
    const { secret } = await people.keys.create(owner, { name: 'c', scopes: ['chat'] })
    const narrow = await call('/api/keys', { key: secret })
    expect(await narrow.json()).toMatchObject({ status: 403, code: 'people_scope_missing' })
  })
})

describe('input', () => {
  test.each([
    ['{"text":', 'http_body_malformed', 400],
    ['{"text":"a","text2":1}', 'http_input_invalid', 400],
    ['{"text":1}', 'http_input_invalid', 400],
    ['[]', 'http_input_invalid', 400],
    ['null', 'http_input_invalid', 400],
    ['', 'http_input_invalid', 400],
    ['{"text":"a\\u0000b"}', 'http_body_malformed', 400],
    ['{"text":"a\0b"}', 'http_body_malformed', 400],
    [new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'http_body_malformed', 400],
    ['['.repeat(500_000), 'http_body_malformed', 400],
    [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'http_input_invalid', 400],
    [`{"text":"${'x'.repeat(1024 * 1024)}"}`, 'http_body_too_large', 413],
  ])('a bad body is refused in words (%#)', async (body, code, status) => {
    const { post } = await world()
    const answer = await post('/api/echo', body)
    expect([answer.status, (await bodyOf(answer)).code]).toEqual([status, code])
  })

  test('a message names the field at fault', async () => {
    const { post } = await world()
    const unknown = await bodyOf(await post('/api/echo', { text: 'a', txet: 1 }))
    expect(unknown).toMatchObject({ param: 'txet' })
    expect(unknown.detail).toBe('The field txet is not known here.')
    const deep = await (await post('/api/echo', { text: 'a', inner: [{ n: 'x' }] })).json()
    expect(deep).toMatchObject({ param: 'inner[0].n' })
    const missing = await bodyOf(await post('/api/echo', {}))
    expect(missing.detail).toBe('text is missing: it must be a text.')
  })

  test('an escaped backslash before u0000 is no NUL', async () => {
    const { post } = await world()
    expect((await post('/api/echo', '{"text":"\\\\u0000"}')).status).toBe(200)
  })

  test('bodies of other kinds are refused', async () => {
    const { post, server, ownerKey } = await world()
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'nonsense'])
      expect((await post('/api/echo', 'a=b', { headers: { 'content-type': type } })).status).toBe(
        415,
      )
    const squeezed = { 'content-encoding': 'gzip' }
    expect((await post('/api/echo', '{}', { headers: squeezed })).status).toBe(415)
    const head = postAs(ownerKey)
    const untyped = await exchange(server.port, `${head}content-length: 2\r\n\r\n{}`, 500)
    expect(untyped).toContain('415 Unsupported Media Type')
  })

  test('names with slashes come whole, encoded or not, and queries are read', async () => {
    const { call } = await world()
    const get = async (path: string) => (await call(path)).json()
    expect(await get('/api/names/baimo/abacus-small?limit=3')).toEqual({
      name: 'baimo/abacus-small',
      limit: 3,
    })
    expect(await get('/api/names/baimo%2Fabacus-small')).toEqual({
      name: 'baimo/abacus-small',
      limit: 5,
    })
    expect(await get('/api/names/x?limit=11')).toMatchObject({ param: 'limit' })
    expect(await get('/api/names/x?limt=1')).toMatchObject({ param: 'limt' })
    expect(await get('/api/names/x?limit=1&limit=2')).toMatchObject({ param: 'limit' })
    expect(await get('/api/names/x%00y')).toMatchObject({ code: 'http_request_malformed' })
    expect(await get('/api/names/%E0%A4%A')).toMatchObject({ code: 'http_request_malformed' })
  })
})

describe('paths and methods', () => {
  test('an unknown path is a 404 in the dialect it was asked in', async () => {
    const { call } = await world()
    const problem = await call('/api/nothing?key=secret', { key: null })
    expect(problem.status).toBe(404)
    const body = await bodyOf(problem)
    expect(body.code).toBe('http_route_unknown')
    expect(body.detail).not.toContain('secret')
    const openai = await call('/v1/nothing', { method: 'POST' })
    expect(await openai.json()).toMatchObject({ error: { code: 'http_route_unknown' } })
  })

  test('another method is a 405 that says which are taken', async () => {
    const { call } = await world()
    const answer = await call('/api/keys', { method: 'PUT' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    const relayed = await call('/v1/relay')
    expect([relayed.status, relayed.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await relayed.json()).toMatchObject({ error: { code: 'http_method_unknown' } })
    expect(
      (await call('/api/keys', { method: 'OPTIONS' })).headers.get('access-control-allow-origin'),
    ).toBeNull()
  })

  test.each([
    ['TRACE', 'http_method_unknown'],
    ['PROPFIND', 'http_method_unknown'],
    ['QUERY', 'http_request_malformed'],
    ['PURGE', 'http_method_unknown'],
  ])('%s is refused in words', async (method, code) => {
    const { server } = await world()
    const line = `${method} /api/keys HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`
    expect(await exchange(server.port, line)).toContain(code)
  })

  test('HEAD answers like GET, without a body and with its length', async () => {
    const { call } = await world()
    const head = await call('/api/me', { method: 'HEAD' })
    const get = await call('/api/me')
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'))
    expect(await head.text()).toBe('')
    expect((await call('/api/me', { method: 'HEAD', key: null })).status).toBe(401)
  })
})

describe('every answer', () => {
  test('carries an id of ours and the security headers, whatever the client sent', async () => {
    const { call, post } = await world()
    const theirs = { 'x-request-id': 'theirs' }
    for (const answer of [
      await call('/healthz', { key: null, headers: theirs }),
      await call('/nothing', { headers: theirs }),
      await post('/v1/relay', {}, { headers: theirs }),
    ]) {
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
    const health = await call('/healthz', { key: null })
    expect(health.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(health.headers.get('x-frame-options')).toBe('DENY')
  })

  test('a bug is answered without its words, logged once with them, and counted', async () => {
    const lines: object[] = []
    const { call, post } = await world({ log: collect(lines) })
    const problem = await call('/api/bug')
    expect(problem.status).toBe(500)
    expect(await problem.text()).not.toContain('secret inside')
    const openai = await post('/v1/bug', {})
    expect(openai.status).toBe(500)
    expect(await openai.json()).toMatchObject({ error: { type: 'server_error' } })
    const errors = lines.filter((line) => 'error' in line)
    expect(errors).toHaveLength(2)
    expect(JSON.stringify(errors)).toContain('secret inside')
    const metrics = await (await call('/metrics')).text()
    expect(metrics).toContain('baimo_http_refusals_total{code="http_internal"} 2')
  })

  test('one line for each, with its pattern and subject, and none for a wrong key', async () => {
    const lines: object[] = []
    const { call, owner } = await world({ log: collect(lines) })
    await call('/api/names/secret-name?limit=1')
    await call('/api/me', { key: 'sk-wrong' })
    await call('/healthz')
    await expect.poll(() => lines.length).toBe(2)
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'request',
        request_id: expect.any(String),
        method: 'GET',
        route: '/api/names/*',
        status: 200,
        ms: expect.any(Number),
        subject_id: owner.subjectId,
      },
      expect.objectContaining({ level: 'debug', route: '/healthz' }),
    ])
  })

  test('what a stranger asks leaves no line that anybody keeps, unless it failed', async () => {
    const lines: { level?: string; status?: number }[] = []
    const { call } = await world({ log: collect(lines) })
    await call('/link/nonsense', { key: null })
    await call('/nowhere', { key: 'sk-wrong' })
    await expect.poll(() => lines.length).toBe(2)
    expect(lines.map(({ level, status }) => [level, status])).toEqual([
      ['debug', 404],
      ['debug', 404],
    ])
  })
})

test('an open route that does not look at its caller answers without a look-up', async () => {
  const asked: unknown[] = []
  const { call } = await world({
    authenticate: (credentials) => {
      asked.push(credentials)
      return new Promise<never>(() => undefined)
    },
  })
  expect((await call('/healthz', { key: 'sk-anything' })).status).toBe(200)
  expect((await call('/readyz', { key: 'sk-anything' })).status).toBe(200)
  expect(asked).toEqual([])
})

test('what cannot be written is refused at once, but not a route that writes nothing', async () => {
  const mayWrite = () => {
    throw new Refusal(
      'no_room',
      { kind: 'unavailable', title: 'no room', isRetryable: true },
      'No.',
    )
  }
  const { call, post } = await world({ mayWrite })
  expect((await post('/api/echo', { text: 'a' })).status).toBe(503)
  expect((await call('/api/storeless', { method: 'DELETE' })).status).toBe(200)
})

test('a raw route reads the body from the socket and knows its caller', async () => {
  const { post } = await world()
  const answer = await post('/v1/relay', 'x'.repeat(3_000_000), {
    headers: { 'content-type': 'application/octet-stream' },
  })
  expect(await answer.json()).toEqual({ size: 3_000_000, role: 'owner' })
})

describe('sockets', () => {
  test('headers without end are refused, and the connection closed', async () => {
    const { server } = await world()
    const text = await exchange(
      server.port,
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`,
    )
    expect(text).toContain('431 Request Header Fields Too Large')
    expect(text).toContain('http_headers_too_large')
  })

  test('what is no HTTP is refused in HTTP', async () => {
    const { server } = await world()
    const text = await exchange(server.port, 'hello there\r\n\r\n')
    expect(text).toContain('400 Bad Request')
    expect(text).toContain('http_request_malformed')
    expect(text).toMatch(/x-request-id: [0-9a-f-]{36}/)
  })

  test('headers that dribble in are cut off', async () => {
    const { server } = await world({ headersTimeoutMs: 300 })
    const started = Date.now()
    const text = await exchange(server.port, 'GET / HTTP/1.1\r\nhost: local', 8_000)
    expect(text).toContain('408 Request Timeout')
    expect(Date.now() - started).toBeLessThan(5_000)
  })

  test('a body that dribbles in is cut off', async () => {
    const { server, ownerKey } = await world({ bodyTimeoutMs: 300 })
    const text = await exchange(
      server.port,
      `POST /api/echo HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ownerKey}\r\n` +
        'content-type: application/json\r\ncontent-length: 50\r\n\r\n{"te',
      8_000,
    )
    expect(text).toContain('408 Request Timeout')
    expect(text).toContain('http_request_timeout')
  })

  test('a client that leaves in the middle of its body harms nobody', async () => {
    const { server, ownerKey, call } = await world()
    const head = postAs(ownerKey)
    const rest = 'content-type: application/json\r\ncontent-length: 50\r\n\r\n{"te'
    expect(await exchange(server.port, head + rest, 200)).toBe('')
    expect((await call('/api/me')).status).toBe(200)
    await expect.poll(() => server.runningCount).toBe(0)
  })
})

describe('the address', () => {
  test('names that are not the market’s are refused when it is bound to loopback', async () => {
    const { server } = await world({ hostNames: ['market.example'] })
    const get = (host: string) =>
      exchange(server.port, `GET /healthz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', ''])
      expect(await get(host)).toContain('403 Forbidden')
    for (const host of ['localhost', `127.0.0.1:${server.port}`, '[::1]:1', 'MARKET.example.:80'])
      expect(await get(host)).toContain('200 OK')
  })

  test('a port that is taken is refused in one clear line', async () => {
    const { server, people, routes } = await world()
    const second = openTestServer({
      routes,
      authenticate: people.authenticate,
      port: server.port,
    })
    await expect(second).rejects.toMatchObject({ code: 'http_port_taken' })
    await expect(second).rejects.toThrow(/^Port \d+ on 127.0.0.1 is taken by another program\. /)
    await expect(
      openTestServer({ routes, authenticate: people.authenticate, host: '203.0.113.1' }),
    ).rejects.toMatchObject({ code: 'http_address_unusable' })
  })
})

test('refusals that may be retried say when', async () => {
  const busy = jsonRoute({
    ...base,
    method: 'GET',
    path: '/api/busy',
    handle: () => {
      const row = { kind: 'exhausted', title: '', isRetryable: true } as const
      throw new Refusal('test_busy', row, 'Later.', {
        retryAfterSeconds: 1.2,
        details: { left: 0 },
      })
    },
  })
  const { server, ownerKey } = await openServedWorld([busy])
  const answer = await fetch(`${server.url}/api/busy`, {
    headers: { authorization: `Bearer ${ownerKey}` },
  })
  expect(answer.status).toBe(429)
  expect(answer.headers.get('retry-after')).toBe('2')
  expect(answer.headers.get('x-should-retry')).toBeNull()
  expect(await answer.json()).toMatchObject({ code: 'test_busy', details: { left: 0 } })
})

function postAs(key: string): string {
  return `POST /api/echo HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\n`
}

async function bodyOf(answer: Response): Promise<Record<string, unknown>> {
  return (await answer.json()) as Record<string, unknown>
}

function collect(lines: object[]): Log {
  const keep = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, ...fields })
  }
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}
