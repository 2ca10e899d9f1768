import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { hearAll, openPeopleWorld, type PeopleWorld, tokenOf } from '../../tests/support/people.ts'
import { systemClock } from '../kernel/index.ts'
import { composeKey } from './key-format.ts'
import { mayCall } from './may-call.ts'
import { openPeople } from './service.ts'

const HOUR_MS = 3_600_000
const key = (secret: string) => ({ kind: 'key', secret }) as const

describe('the first start', () => {
  test('makes the house, its owner and a key file that only its owner reads', async () => {
    const world = await openPeopleWorld()
    expect(statSync(world.ownerKeyPath).mode & 0o777).toBe(0o600)
    expect(world.ownerKey).toMatch(/^baimo_[0-9A-Za-z]{42}$/)
    expect(world.owner).toMatchObject({ role: 'owner', isHouse: true, scopes: null, via: 'key' })
  })

  test('a second start changes nothing', async () => {
    const world = await openPeopleWorld()
    expect(await world.people.setUpOwner(world.ownerKeyPath)).toEqual({
      isFirstStart: false,
      isKeyNew: false,
    })
    expect(readFileSync(world.ownerKeyPath, 'utf8').trim()).toBe(world.ownerKey)
  })

  test('a start without the file issues another key and revokes the old one', async () => {
    const world = await openPeopleWorld()
    rmSync(world.ownerKeyPath)
    expect(await world.people.setUpOwner(world.ownerKeyPath)).toEqual({
      isFirstStart: false,
      isKeyNew: true,
    })
    const renewed = readFileSync(world.ownerKeyPath, 'utf8').trim()
    expect(renewed).not.toBe(world.ownerKey)
    expect(await world.people.authenticate(key(renewed))).toMatchObject({ role: 'owner' })
    await expect(async () => world.people.authenticate(key(world.ownerKey))).rejects.toMatchObject({
      code: 'people_key_revoked',
    })
  })

  test.each(['', 'baimo_torn', 'x'.repeat(100_000), composeKey(randomBytes(64)) ?? ''])(
    'a file that holds no key of this database is written anew (%#)',
    async (content) => {
      const world = await openPeopleWorld()
      writeFileSync(world.ownerKeyPath, content)
      await world.people.setUpOwner(world.ownerKeyPath)
      const renewed = readFileSync(world.ownerKeyPath, 'utf8').trim()
      expect(await world.people.authenticate(key(renewed))).toMatchObject({ role: 'owner' })
    },
  )

  test('processes that start at the same time agree on one house and one key', async () => {
    const { store, ownerKeyPath } = await openPeopleWorld()
    rmSync(ownerKeyPath)
    await sql`truncate organisations, people, subjects, keys cascade`.execute(store.db)
    const url = () => ''
    const starts = Array.from({ length: 4 }, () =>
      openPeople({ store, clock: systemClock, url, scrapeToken: null }),
    )
    const answers = await Promise.all(starts.map((people) => people.setUpOwner(ownerKeyPath)))
    expect(answers.filter(({ isFirstStart }) => isFirstStart)).toHaveLength(1)
    expect(answers.filter(({ isKeyNew }) => isKeyNew)).toHaveLength(1)
    const secret = readFileSync(ownerKeyPath, 'utf8').trim()
    for (const people of starts)
      expect(await people.authenticate(key(secret))).toMatchObject({ isHouse: true })
  })

  test('homes on one database keep their own keys, whichever starts', async () => {
    const { people, ownerKeyPath, ownerKey } = await openPeopleWorld()
    const otherPath = `${ownerKeyPath}-of-another-home`
    await people.setUpOwner(otherPath)
    const other = readFileSync(otherPath, 'utf8').trim()
    expect(other).not.toBe(ownerKey)
    for (const secret of [ownerKey, other])
      expect(await people.authenticate(key(secret))).toMatchObject({ role: 'owner' })
    expect((await people.setUpOwner(ownerKeyPath)).isKeyNew).toBe(false)
    rmSync(otherPath)
    await people.setUpOwner(otherPath)
    expect(await people.authenticate(key(ownerKey))).toMatchObject({ role: 'owner' })
    await expect(async () => people.authenticate(key(other))).rejects.toMatchObject({
      code: 'people_key_revoked',
    })
  })

  test('a file that is there and cannot be read refuses the start, and its key stays', async () => {
    const { people, ownerKeyPath, ownerKey } = await openPeopleWorld()
    rmSync(ownerKeyPath)
    mkdirSync(ownerKeyPath)
    await expect(people.setUpOwner(ownerKeyPath)).rejects.toMatchObject({
      code: 'people_owner_key_unreadable',
    })
    expect(await people.authenticate(key(ownerKey))).toMatchObject({ role: 'owner' })
  })

  test('rights that others were given to the file are taken back', async () => {
    const world = await openPeopleWorld()
    chmodSync(world.ownerKeyPath, 0o644)
    await world.people.setUpOwner(world.ownerKeyPath)
    expect(statSync(world.ownerKeyPath).mode & 0o777).toBe(0o600)
  })

  test('a file that cannot be written is refused in words, and nothing changes', async () => {
    const world = await openPeopleWorld()
    await expect(world.people.setUpOwner('/nowhere/owner.key')).rejects.toMatchObject({
      code: 'people_owner_key_unwritable',
    })
    expect(await world.people.authenticate(key(world.ownerKey))).toMatchObject({ role: 'owner' })
  })
})

describe('keys', () => {
  test('a key works until it is revoked, and then at once no more', async () => {
    const { people, owner } = await openPeopleWorld()
    const { secret, key: made } = await people.keys.create(owner, {
      name: 'laptop',
      scopes: ['chat'],
      models: ['baimo/abacus-small'],
    })
    expect(await people.authenticate(key(secret))).toMatchObject({
      keyId: made.id,
      scopes: ['chat'],
      models: ['baimo/abacus-small'],
    })
    await people.keys.revoke(owner, made.id)
    await expect(async () => people.authenticate(key(secret))).rejects.toMatchObject({
      code: 'people_key_revoked',
    })
    await people.keys.revoke(owner, made.id)
  })

  test('a key ends at its moment, from memory as from the database', async () => {
    const { people, owner, clock, store } = await openPeopleWorld()
    const expiresAt = new Date(clock.nowMs() + 10_000)
    const { secret } = await people.keys.create(owner, { name: 'short', expiresAt })
    await hearAll(store)
    expect(await people.authenticate(key(secret))).toMatchObject({ role: 'owner' })
    clock.move(10_000)
    expect(() => people.authenticate(key(secret))).toThrow(
      expect.objectContaining({ code: 'people_key_expired' }),
    )
    clock.move(60_000)
    await expect(async () => people.authenticate(key(secret))).rejects.toMatchObject({
      code: 'people_key_expired',
    })
  })

  test('the secret is nowhere in the database', async () => {
    const { people, owner, store } = await openPeopleWorld()
    const { secret } = await people.keys.create(owner, { name: 'laptop' })
    const { rows } = await sql<{ text: string }>`select keys::text as text from keys`.execute(
      store.db,
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const { text } of rows) expect(text).not.toContain(secret.slice(12))
  })

  test('a wrong key leaves no row anywhere', async () => {
    const { people, store } = await openPeopleWorld()
    const count = async () => (await dump(store)).split('\n').length
    const before = await count()
    for (const secret of ['sk-wrong', 'baimo_'.padEnd(48, 'x')])
      await expect(async () => people.authenticate(key(secret))).rejects.toMatchObject({
        code: 'people_key_wrong',
      })
    expect(await count()).toBe(before)
  })

  test('members manage their own, admins the organisation’s, others nothing', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const member = await world.addPerson(owner, 'member')
    const admin = await world.addPerson(owner, 'admin')
    const other = await world.addOrganisation()
    const page = { cursor: null, limit: 50 }
    const { key: made } = await people.keys.create(member.principal, { name: 'mine' })

    const own = await people.keys.list(member.principal, page)
    expect(own.items.map((item) => item.personId)).toEqual([member.id, member.id])
    const all = await people.keys.list(admin.principal, page)
    expect(all.items).toHaveLength(4)
    const foreign = await people.keys.list(other.principal, page)
    expect(foreign.items.map(({ id }) => id)).not.toContain(made.id)

    const ownerKeyId = owner.keyId ?? ''
    await expect(people.keys.revoke(member.principal, ownerKeyId)).rejects.toMatchObject({
      code: 'people_key_not_found',
    })
    await expect(people.keys.revoke(admin.principal, ownerKeyId)).rejects.toMatchObject({
      code: 'people_role_too_weak',
    })
    await expect(people.keys.revoke(other.principal, made.id)).rejects.toMatchObject({
      code: 'people_key_not_found',
    })
    await people.keys.revoke(admin.principal, made.id)
  })

  test('a list comes in pages that leave nothing out', async () => {
    const { people, owner } = await openPeopleWorld()
    for (let index = 0; index < 6; index++) await people.keys.create(owner, { name: `k${index}` })
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await people.keys.list(owner, { cursor, limit: 3 })
      seen.push(...page.items.map(({ name }) => name))
      cursor = page.nextCursor
    } while (cursor !== null)
    // Keys made within one millisecond come in either order; none is missing or there twice.
    expect(seen.sort()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'owner.key'])
  })

  test('a key that is limited to models governs nothing, whoever holds it', async () => {
    const { owner, people } = await openPeopleWorld()
    const { secret } = await people.keys.create(owner, { name: 'fast', models: ['fast'] })
    const limited = await people.authenticate(key(secret))
    expect(limited).toMatchObject({ role: 'member', isHouse: true, models: ['fast'] })
    expect(mayCall(limited, { access: 'operator', scope: 'api' }).kind).toBe('role-too-weak')
  })

  test('a limited key makes no key that reaches further, nor lets anybody in', async () => {
    const { people, owner, clock } = await openPeopleWorld()
    const expiresAt = new Date(clock.nowMs() + HOUR_MS)
    const { secret } = await people.keys.create(owner, { name: 'a', scopes: ['api'], expiresAt })
    const limited = await people.authenticate(key(secret))
    for (const wish of [
      { scopes: null, expiresAt },
      { scopes: ['api', 'chat'] as const, expiresAt },
      { scopes: ['api'] as const, expiresAt: null },
      { scopes: ['api'] as const, expiresAt: new Date(expiresAt.getTime() + 1) },
    ])
      await expect(people.keys.create(limited, { name: 'b', ...wish })).rejects.toMatchObject({
        code: 'people_key_limited',
      })
    await people.keys.create(limited, { name: 'c', scopes: ['api'], expiresAt })
    await expect(people.signIn.createLink(limited, null)).rejects.toMatchObject({
      code: 'people_key_limited',
    })
    await expect(
      people.people.create(limited, { name: 'x', email: null, role: 'member' }),
    ).rejects.toMatchObject({ code: 'people_key_limited' })
  })

  test('a key made for somebody falls with them, and does not rise with them', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const admin = await world.addPerson(owner, 'admin')
    const person = await world.addPerson(admin.principal, 'admin')
    await people.people.update(owner, person.id, { role: 'owner' })
    expect(await people.authenticate(key(person.key))).toMatchObject({ role: 'admin' })
    await people.people.update(owner, person.id, { role: 'member' })
    expect(await people.authenticate(key(person.key))).toMatchObject({ role: 'member' })
    await expect(
      people.keys.create(admin.principal, { name: 'x', personId: owner.personId }),
    ).rejects.toMatchObject({ code: 'people_role_too_weak' })
  })

  test('a team’s key is a member’s, counts for the team, and ends with it', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const team = await people.teams.create(owner, 'Search')
    const { secret } = await people.keys.create(owner, { name: 'bot', teamId: team.id })
    const asTeam = await people.authenticate(key(secret))
    expect(asTeam).toMatchObject({ role: 'member', personId: null, teamId: team.id })
    expect(asTeam.subjectId).not.toBe(owner.subjectId)
    await expect(people.keys.create(asTeam, { name: 'x' })).rejects.toMatchObject({
      code: 'people_holder_missing',
    })
    await people.teams.remove(owner, team.id)
    await expect(async () => people.authenticate(key(secret))).rejects.toMatchObject({
      code: 'people_key_revoked',
    })
  })
})

describe('links and sessions', () => {
  test('a link works once, even when asked for twice at the same time', async () => {
    const { people } = await openPeopleWorld()
    const { url } = await people.createOwnerLink()
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => people.signIn.takeLink(tokenOf(url))),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('a link works for an hour', async () => {
    const { people, clock } = await openPeopleWorld()
    const { url } = await people.createOwnerLink()
    clock.move(HOUR_MS)
    await expect(people.signIn.takeLink(tokenOf(url))).rejects.toMatchObject({
      code: 'people_link_unusable',
      message: expect.stringContaining('`npx lion link` prints'),
    })
  })

  test('a session lives while it is used, ends thirty days after, and ends when told', async () => {
    const { people, clock } = await openPeopleWorld()
    const { url } = await people.createOwnerLink()
    const { token } = await people.signIn.takeLink(tokenOf(url))
    const session = { kind: 'session', token } as const
    for (let week = 0; week < 8; week++) {
      clock.move(7 * 24 * HOUR_MS)
      expect(await people.authenticate(session)).toMatchObject({ role: 'owner', via: 'session' })
    }
    clock.move(31 * 24 * HOUR_MS)
    await expect(async () => people.authenticate(session)).rejects.toMatchObject({
      code: 'people_session_ended',
      message: expect.stringContaining('`npx lion link` prints'),
    })
    const next = await people.signIn.takeLink(tokenOf((await people.createOwnerLink()).url))
    const second = { kind: 'session', token: next.token } as const
    expect(await people.authenticate(second)).toMatchObject({ role: 'owner' })
    await people.signIn.endSession(next.token)
    await expect(async () => people.authenticate(second)).rejects.toMatchObject({
      code: 'people_session_ended',
    })
  })
})

describe('the scrape token', () => {
  test('is known by its text, and nothing near it is', async () => {
    const { people } = await openPeopleWorld()
    expect(await people.authenticate(key('scrape-me'))).toMatchObject({ via: 'scrape-token' })
    expect(() => people.authenticate(key('scrape-m'))).toThrow(
      expect.objectContaining({ code: 'people_key_wrong' }),
    )
  })
})

describeOnEveryServer('roles in an organisation', (openStoreHere) => {
  test('the last owner stays, whoever tries and however many at once', async () => {
    const world = await openPeopleWorld(openStoreHere)
    const { people, owner } = world
    const ownerId = owner.personId ?? ''
    await expect(people.people.update(owner, ownerId, { role: 'admin' })).rejects.toMatchObject({
      code: 'people_last_owner',
    })
    await expect(people.people.remove(owner, ownerId)).rejects.toMatchObject({
      code: 'people_last_owner',
    })
    const second = await world.addPerson(owner, 'owner')
    const answers = await Promise.allSettled([
      people.people.update(owner, ownerId, { role: 'member' }),
      people.people.update(second.principal, second.id, { role: 'member' }),
    ])
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  test('a member raises nobody, an admin gives no role above their own', async () => {
    const world = await openPeopleWorld(openStoreHere)
    const { people, owner } = world
    const member = await world.addPerson(owner, 'member')
    const admin = await world.addPerson(owner, 'admin')
    for (const [by, to] of [
      [member.principal, 'admin'],
      [admin.principal, 'owner'],
    ] as const)
      await expect(people.people.update(by, member.id, { role: to })).rejects.toMatchObject({
        code: 'people_role_too_weak',
      })
    await expect(
      people.people.update(admin.principal, owner.personId ?? '', { role: 'member' }),
    ).rejects.toMatchObject({ code: 'people_role_too_weak' })
  })
})

describeOnEveryServer('who a person is', (openStoreHere) => {
  test('erasing a person leaves nothing but a subject without a link', async () => {
    const world = await openPeopleWorld(openStoreHere)
    const { people, owner, store } = world
    const { person, link } = await people.people.create(owner, {
      name: 'Zoë Unmistakable',
      email: 'Zoe@example.org',
      role: 'member',
    })
    const { token } = await people.signIn.takeLink(tokenOf(link.url))
    const asZoe = await people.authenticate({ kind: 'session', token })
    const { secret } = await people.keys.create(asZoe, { name: 'Zoë’s laptop' })
    const team = await people.teams.create(owner, 'Search')
    await people.teams.addMember(owner, team.id, person.id)
    await people.teams.addMember(owner, team.id, person.id)

    await people.people.remove(owner, person.id)

    for (const credentials of [{ kind: 'session', token } as const, key(secret)])
      await expect(async () => people.authenticate(credentials)).rejects.toMatchObject({
        kind: 'unauthenticated',
      })
    const text = await dump(store)
    expect(text.toLowerCase()).not.toContain('zo')
    expect(text).toContain(asZoe.subjectId)
    expect(text).not.toContain(person.id)
    const { items } = await people.teams.list(owner, { cursor: null, limit: 10 })
    expect(items).toMatchObject([{ name: 'Search', memberIds: [] }])
  })

  test('an address belongs to one person, in whatever case', async () => {
    const { people, owner } = await openPeopleWorld(openStoreHere)
    const wish = { name: 'A', email: 'a@example.org', role: 'member' } as const
    const { person } = await people.people.create(owner, wish)
    await expect(
      people.people.create(owner, { ...wish, email: 'A@Example.org' }),
    ).rejects.toMatchObject({ code: 'people_email_taken' })
    await people.people.update(owner, person.id, { email: null })
    const { person: next } = await people.people.create(owner, wish)
    await expect(
      people.people.update(owner, person.id, { email: 'a@example.org' }),
    ).rejects.toMatchObject({ code: 'people_email_taken' })
    expect(next.email).toBe('a@example.org')
  })
})

describeOnEveryServer('an address asked for twice at the same time', (openStoreHere) => {
  test('goes to one, and the other is told in words', async () => {
    const world = await openPeopleWorld(openStoreHere)
    const { people, owner, store } = world
    const guest = await world.addOrganisation()
    const guestId = guest.principal.personId ?? ''
    const { promise: isTold, resolve: tell } = Promise.withResolvers<void>()
    const { promise: hasAsked, resolve: ask } = Promise.withResolvers<void>()
    const first = store.transaction(async (trx) => {
      const id = owner.personId ?? ''
      await sql`update people set email = 'a@example.org' where id = ${id}`.execute(trx)
      ask()
      await isTold
    })
    await hasAsked
    const second = people.people.update(guest.principal, guestId, { email: 'a@example.org' })
    setTimeout(tell, 100)
    await expect(second).rejects.toMatchObject({ code: 'people_email_taken' })
    await first
  })
})

describeOnEveryServer('several organisations', (openStoreHere) => {
  test('nothing of another organisation is found', async () => {
    const world = await openPeopleWorld(openStoreHere)
    const { people, owner } = world
    const other = await world.addOrganisation()
    const team = await people.teams.create(owner, 'Search')
    const personId = owner.personId ?? ''
    const caller = other.principal
    for (const [code, act] of [
      ['people_person_not_found', () => people.people.update(caller, personId, { name: 'x' })],
      ['people_person_not_found', () => people.people.remove(caller, personId)],
      ['people_person_not_found', () => people.keys.create(caller, { name: 'x', personId })],
      ['people_team_not_found', () => people.keys.create(caller, { name: 'x', teamId: team.id })],
      ['people_team_not_found', () => people.teams.remove(caller, team.id)],
      ['people_team_not_found', () => people.teams.addMember(caller, team.id, personId)],
      ['people_person_not_found', () => people.signIn.createLink(caller, personId)],
    ] as const)
      await expect(act()).rejects.toMatchObject({ code })
    const page = { cursor: null, limit: 100 }
    expect((await people.people.list(caller, page)).items).toHaveLength(1)
    expect((await people.teams.list(caller, page)).items).toHaveLength(0)
  })

  test('organisations of one name get different short names', async () => {
    const { people, owner } = await openPeopleWorld(openStoreHere)
    const make = (slug: string | null) =>
      people.organisations.create(owner, {
        name: 'Café du Nord',
        slug,
        owner: { name: 'First', email: null },
      })
    expect((await make(null)).organisation.slug).toBe('cafe-du-nord')
    expect((await make(null)).organisation.slug).toMatch(/^cafe-du-nord-[0-9a-f]{8}$/)
    await expect(make('cafe-du-nord')).rejects.toMatchObject({ code: 'people_slug_taken' })
  })
})

/** All rows of the tables of this domain as text. */
async function dump(store: PeopleWorld['store']): Promise<string> {
  const names = ['people', 'members', 'sessions', 'sign_ins', 'team_members', 'invitations']
  const texts: string[] = []
  for (const name of [...names, 'subjects', 'keys', 'owner_links', 'verifications']) {
    const { rows } = await sql<{
      text: string
    }>`select t::text as text from ${sql.table(name)} t`.execute(store.db)
    texts.push(...rows.map(({ text }) => text))
  }
  return texts.join('\n')
}
