import { describe, expect, test } from 'vitest'
import { tokenOf } from '../../tests/support/people.ts'
import { openServedWorld } from '../../tests/support/server.ts'
import { findUndeclared, walkAccess, walkForeign } from '../../tests/support/walk-access.ts'

type World = Awaited<ReturnType<typeof openServedWorld>>

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

async function call(
  { server }: World,
  line: string,
  options: { key?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  const [method = 'GET', path = '/'] = line.split(' ')
  const answer = await fetch(server.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false
  const body = isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : { text }
  return { status: answer.status, headers: answer.headers, body }
}

describe('access', () => {
  test('every route declares itself, and lets in exactly whom it should', async () => {
    const { routes } = await openServedWorld()
    expect(findUndeclared(routes)).toEqual([])
    expect(await walkAccess(routes)).toEqual([])
  })

  test('no object of another organisation answers', async () => {
    const world = await openServedWorld()
    const { people, owner, routes } = world
    const stranger = await world.addOrganisation()
    const member = await world.addPerson(owner, 'member')
    const team = await people.teams.create(owner, 'Search')
    await people.teams.addMember(owner, team.id, member.id)
    const paths = {
      'GET /api/keys/:id/made': `/api/keys/${member.principal.keyId}/made`,
      'DELETE /api/keys/:id': `/api/keys/${member.principal.keyId}`,
      'PATCH /api/people/:id': `/api/people/${member.id}`,
      'DELETE /api/people/:id': `/api/people/${member.id}`,
      'DELETE /api/teams/:id': `/api/teams/${team.id}`,
      'PUT /api/teams/:id/members/:person_id': `/api/teams/${team.id}/members/${member.id}`,
      'DELETE /api/teams/:id/members/:person_id': `/api/teams/${team.id}/members/${member.id}`,
    }
    const problems = await walkForeign(routes, paths, async (method, path) => {
      const body = method === 'PATCH' ? { body: { name: 'mine' } } : {}
      return (await call(world, `${method} ${path}`, { key: stranger.key, ...body })).status
    })
    expect(problems).toEqual([])
    for (const list of ['keys', 'people', 'teams']) {
      const { body } = await call(world, `GET /api/${list}`, { key: stranger.key })
      expect(JSON.stringify(body)).not.toMatch(new RegExp(`${member.id}|${team.id}|owner[.]key`))
    }
  })
})

test('a key is made, told once, listed without its secret, and revoked', async () => {
  const world = await openServedWorld()
  const key = world.ownerKey
  const made = await call(world, 'POST /api/keys', { key, body: { name: 'a', scopes: ['api'] } })
  expect(made.status).toBe(201)
  expect(made.body).toMatchObject({ name: 'a', scopes: ['api'], models: null, revoked_at: null })
  const secret = String(made.body.key)
  expect((await call(world, 'GET /api/me', { key: secret })).body).toMatchObject({
    via: 'key',
    role: 'owner',
    person: { name: 'Owner', email: null },
    organisation: { is_house: true },
    key: { id: made.body.id },
  })
  const { body } = await call(world, 'GET /api/keys?limit=1', { key })
  expect(body).toMatchObject({ data: [{ id: made.body.id }], next_cursor: made.body.id })
  expect(JSON.stringify(body)).not.toContain(secret)
  expect(await call(world, `DELETE /api/keys/${made.body.id}`, { key })).toMatchObject({
    status: 200,
    body: { id: made.body.id, is_made_revoked: false, made: { keys: [], people: [] } },
  })
  expect((await call(world, 'GET /api/me', { key: secret })).body).toMatchObject({
    code: 'people_key_revoked',
  })
})

test('a key that nothing was asked for may use /v1 and read what is its own, nothing else', async () => {
  const world = await openServedWorld()
  const key = world.ownerKey
  for (const body of [{ name: 'a' }, { name: 'b', scopes: null }]) {
    const made = await call(world, 'POST /api/keys', { key, body })
    expect(made.body.scopes).toEqual(['chat', 'completions', 'embeddings', 'models'])
    const least = String(made.body.key)
    expect((await call(world, 'GET /api/me', { key: least })).status).toBe(200)
    for (const line of ['GET /api/keys', 'POST /api/keys', 'GET /api/people', 'POST /api/links']) {
      const answer = await call(world, line, { key: least })
      expect(answer).toMatchObject({ status: 403, body: { code: 'people_scope_missing' } })
    }
  }
  const all = await call(world, 'POST /api/keys', { key, body: { name: 'c', scopes: ['all'] } })
  expect(all.body.scopes).toBeNull()
  expect((await call(world, 'GET /api/people', { key: String(all.body.key) })).status).toBe(200)
})

test('two teams of an organisation have two names', async () => {
  const world = await openServedWorld()
  const key = world.ownerKey
  expect((await call(world, 'POST /api/teams', { key, body: { name: 'Lab' } })).status).toBe(201)
  const names = ['Lab', ' lab ', 'LAB']
  for (const name of names)
    expect(await call(world, 'POST /api/teams', { key, body: { name } })).toMatchObject({
      status: 409,
      body: { code: 'people_team_name_taken', param: 'name' },
    })
  const guest = await world.addOrganisation()
  const other = await call(world, 'POST /api/teams', { key: guest.key, body: { name: 'Lab' } })
  expect(other.status).toBe(201)
  const both = await Promise.all(
    ['New', 'new'].map((name) => call(world, 'POST /api/teams', { key, body: { name } })),
  )
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
})

test('people, teams and organisations come and go over the wire', async () => {
  const world = await openServedWorld()
  const key = world.ownerKey
  const body = { name: 'Ann', email: 'ann@example.org' }
  const person = await call(world, 'POST /api/people', { key, body })
  expect(person).toMatchObject({ status: 201, body: { role: 'member', link: {} } })
  const again = await call(world, 'POST /api/people', { key, body })
  expect(again).toMatchObject({ status: 409, body: { code: 'people_email_taken', param: 'email' } })
  const personPath = `/api/people/${person.body.id}`
  const risen = await call(world, `PATCH ${personPath}`, { key, body: { role: 'admin' } })
  expect(risen.body).toMatchObject({ role: 'admin', name: 'Ann' })

  const team = await call(world, 'POST /api/teams', { key, body: { name: 'Search' } })
  const memberPath = `/api/teams/${team.body.id}/members/${person.body.id}`
  expect((await call(world, `PUT ${memberPath}`, { key })).status).toBe(204)
  expect((await call(world, 'GET /api/teams', { key })).body).toMatchObject({
    data: [{ name: 'Search', member_ids: [person.body.id] }],
    next_cursor: null,
  })
  expect((await call(world, `DELETE ${memberPath}`, { key })).status).toBe(204)
  expect((await call(world, `DELETE /api/teams/${team.body.id}`, { key })).status).toBe(204)
  expect((await call(world, `DELETE ${personPath}`, { key })).status).toBe(204)
  expect((await call(world, `DELETE ${personPath}`, { key })).status).toBe(404)

  const organisation = await call(world, 'POST /api/organisations', {
    key,
    body: { name: 'Acme', owner: { name: 'First' } },
  })
  expect(organisation).toMatchObject({ status: 201, body: { slug: 'acme', is_house: false } })
  const { body: list } = await call(world, 'GET /api/organisations', { key })
  expect(list).toMatchObject({ data: [{ slug: 'house' }, { slug: 'acme' }] })
})

describe('the owner link', () => {
  async function signIn(world: World): Promise<string> {
    const link = await call(world, 'POST /api/links', { key: world.ownerKey, body: {} })
    const path = `/link/${tokenOf(String(link.body.url))}`
    const answer = await call(world, `GET ${path}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^baimo_session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
    )
    return cookie.split(';')[0] ?? ''
  }

  test('signs in once; looking at it does not use it up', async () => {
    const world = await openServedWorld()
    const { url } = await world.people.createOwnerLink()
    const path = `/link/${tokenOf(url)}`
    expect((await call(world, `HEAD ${path}`)).status).toBe(405)
    expect((await call(world, `GET ${path}`)).status).toBe(303)
    const used = await call(world, `GET ${path}`)
    expect(used).toMatchObject({ status: 404, body: { code: 'people_link_unusable' } })
    const page = await call(world, `GET ${path}`, { headers: { accept: 'text/html,*/*' } })
    expect(page.status).toBe(404)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('set-cookie')).toBeNull()
    expect(page.body.text).toContain('It was used already, or is older than an hour.')
    expect(page.body.text).toContain('<pre tabindex="0">npx lion link</pre>')
    const headers = { accept: 'text/html', 'accept-language': 'zh-CN' }
    const odd = await call(world, `GET /link/${'x'.repeat(500)}`, { headers })
    expect(odd.body.text).toContain('取一个新链接')
    const program = await call(world, `GET /link/${'x'.repeat(500)}`)
    expect(program).toMatchObject({ status: 404, body: { code: 'people_link_unusable' } })
  })

  test('a session reads, and changes only from a page of our own', async () => {
    const world = await openServedWorld()
    const cookie = await signIn(world)
    const me = await call(world, 'GET /api/me', { headers: { cookie } })
    expect(me.body).toMatchObject({ via: 'session', role: 'owner', key: null })
    const origin = world.server.url
    for (const [headers, status] of [
      [{}, 403],
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'null' }, 403],
      [{ 'sec-fetch-site': 'cross-site', origin }, 403],
      [{ 'sec-fetch-site': 'same-site', origin }, 403],
      [{ 'sec-fetch-site': 'none' }, 403],
      [{ 'sec-fetch-site': 'same-origin' }, 201],
      [{ origin }, 201],
    ] as const) {
      const made = await call(world, 'POST /api/teams', {
        headers: { cookie, ...headers },
        body: { name: `x ${JSON.stringify(headers)}` },
      })
      expect([headers, made.status]).toEqual([headers, status])
    }
  })

  test('a session that is kept going goes on in the browser too', async () => {
    const world = await openServedWorld()
    const cookie = await signIn(world)
    const visit = async () => (await call(world, 'GET /api/me', { headers: { cookie } })).headers
    expect((await visit()).get('set-cookie')).toBeNull()
    world.clock.move(25 * 60 * 60_000)
    expect((await visit()).get('set-cookie')).toBe(
      `${cookie}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax`,
    )
    world.clock.move(61_000)
    expect((await visit()).get('set-cookie')).toBeNull()
    world.clock.move(25 * 60 * 60_000)
    const left = await call(world, 'DELETE /api/session', {
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    })
    expect(left.headers.getSetCookie()).toEqual([expect.stringContaining('Max-Age=0')])
  })

  test('leaving ends the session and takes the cookie back', async () => {
    const world = await openServedWorld()
    const cookie = await signIn(world)
    const left = await call(world, 'DELETE /api/session', {
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    })
    expect(left.status).toBe(204)
    expect(left.headers.get('set-cookie')).toContain('Max-Age=0')
    const after = await call(world, 'GET /api/me', { headers: { cookie } })
    expect(after).toMatchObject({ status: 401, body: { code: 'people_session_ended' } })
  })

  test('is made by admins, in a session or with a key without limits', async () => {
    const world = await openServedWorld()
    const { people, owner } = world
    const member = await world.addPerson(owner, 'member')
    expect((await call(world, 'POST /api/links', { key: member.key })).status).toBe(403)
    const { secret } = await people.keys.create(owner, { name: 'narrow', scopes: ['api'] })
    const narrow = await call(world, 'POST /api/links', { key: secret })
    expect(narrow).toMatchObject({ status: 403, body: { code: 'people_key_limited' } })
    const without = await call(world, 'POST /api/links', { key: world.ownerKey })
    expect(without.status).toBe(201)
  })

  test('admins make it for no stronger a role of theirs, house owners for anybody', async () => {
    const world = await openServedWorld()
    const { owner } = world
    const admin = await world.addPerson(owner, 'admin')
    const member = await world.addPerson(owner, 'member')
    const guest = await world.addOrganisation()
    const ask = async (key: string, personId: string | null) => {
      const body = { person_id: personId }
      return (await call(world, 'POST /api/links', { key, body })).status
    }
    expect(await ask(admin.key, member.id)).toBe(201)
    expect(await ask(admin.key, owner.personId)).toBe(403)
    expect(await ask(admin.key, guest.principal.personId)).toBe(404)
    // Who owns another organisation finds back in by themselves, or by the house.
    expect(await ask(guest.key, null)).toBe(201)
    expect(await ask(guest.key, member.id)).toBe(404)
    const body = { person_id: guest.principal.personId }
    const made = await call(world, 'POST /api/links', { key: world.ownerKey, body })
    const { token } = await world.people.signIn.takeLink(tokenOf(String(made.body.url)))
    expect(await world.people.authenticate({ kind: 'session', token })).toMatchObject({
      personId: guest.principal.personId,
      organisationId: guest.id,
      isHouse: false,
    })
  })
})

test('the scrape token reads the metrics and nothing else', async () => {
  const world = await openServedWorld()
  const metrics = await call(world, 'GET /metrics', { key: 'scrape-me' })
  expect(metrics.status).toBe(200)
  expect(metrics.body.text).toContain('# TYPE baimo_http_requests_total counter')
  expect((await call(world, 'GET /api/me', { key: 'scrape-me' })).status).toBe(403)
  const member = await world.addPerson(world.owner, 'member')
  expect((await call(world, 'GET /metrics', { key: member.key })).status).toBe(403)
})
