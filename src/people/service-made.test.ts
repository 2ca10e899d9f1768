import { describe, expect, test } from 'vitest'
import { openPeopleWorld, type PeopleWorld, tokenOf } from '../../tests/support/people.ts'
import { newId, silentLog } from '../kernel/index.ts'
import { hashSecret } from './key-format.ts'
import { loadAndNoteKeys } from './service-keys.ts'
import { lockKeys } from './store-made.ts'
import type { Principal } from './types.ts'

const key = (secret: string) => ({ kind: 'key', secret }) as const

/** A key without limits, as one that leaks. */
async function makeKey(world: PeopleWorld, by: Principal, name: string) {
  const made = await world.people.keys.create(by, { name, scopes: 'all' })
  return { ...made, principal: await world.people.authenticate(key(made.secret)) }
}

async function stateOf(world: PeopleWorld, secret: string): Promise<string> {
  try {
    await world.people.authenticate(key(secret))
    return 'good'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('what a key made', () => {
  test('is recorded with the key and the subject that made it', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const { key: made } = await people.keys.create(owner, { name: 'laptop' })
    const madeBy = { keyId: owner.keyId, subjectId: owner.subjectId, personId: owner.personId }
    expect(made.madeBy).toEqual(madeBy)
    const { person } = await people.people.create(owner, { name: 'A', email: null, role: 'admin' })
    expect(person.madeBy).toEqual(madeBy)
    const page = { cursor: null, limit: 10 }
    const keys = (await people.keys.list(owner, page)).items
    expect(keys.map((one) => [one.name, one.madeBy])).toEqual([
      ['laptop', madeBy],
      ['owner.key', null],
    ])
    const all = (await people.people.list(owner, page)).items
    expect(all.map((one) => [one.name, one.madeBy])).toEqual([
      ['Owner', null],
      ['A', madeBy],
    ])
  })

  test('is told when the key is revoked, and lives on', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const leaked = await makeKey(world, owner, 'leaked')
    const first = await makeKey(world, leaked.principal, 'first')
    const second = await makeKey(world, first.principal, 'second')
    const { person } = await people.people.create(leaked.principal, {
      name: 'Stranger',
      email: null,
      role: 'admin',
    })
    const before = await people.keys.listMade(owner, leaked.key.id)
    expect(before.keys.map(({ name }) => name)).toEqual(['second', 'first'])
    expect(before.people.map(({ id }) => id)).toEqual([person.id])
    expect(before).toMatchObject({ sessionCount: 0, linkCount: 1 })
    expect(await people.keys.revoke(owner, leaked.key.id)).toEqual(before)
    expect(await stateOf(world, leaked.secret)).toBe('people_key_revoked')
    expect(await stateOf(world, second.secret)).toBe('good')
  })

  test('ends with it where that is asked for, whatever way it was made', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const leaked = await makeKey(world, owner, 'leaked')
    const { person, link } = await people.people.create(leaked.principal, {
      name: 'Stranger',
      email: null,
      role: 'owner',
    })
    const own = await people.signIn.createLink(leaked.principal, null)
    const [strangers, mine] = await Promise.all(
      [link, own].map(async ({ url }) => people.signIn.takeLink(tokenOf(url))),
    )
    const asStranger = await people.authenticate({ kind: 'session', token: strangers?.token ?? '' })
    const asMe = await people.authenticate({ kind: 'session', token: mine?.token ?? '' })
    const made = [
      await makeKey(world, leaked.principal, 'by the key'),
      await makeKey(world, asStranger, 'by the stranger'),
      await makeKey(world, asMe, 'in a session that the key opened'),
    ]
    const unused = await people.signIn.createLink(asMe, null)
    const untouched = await makeKey(world, owner, 'mine')
    const revoked = await people.keys.revoke(owner, leaked.key.id, { hasMade: true })
    expect(revoked.keys.map(({ name }) => name).sort()).toEqual(
      made.map((one) => one.key.name).sort(),
    )
    expect(revoked.people.map(({ id }) => id)).toEqual([person.id])
    expect(revoked).toMatchObject({ sessionCount: 2, linkCount: 1 })
    for (const { secret } of [leaked, ...made])
      expect(await stateOf(world, secret)).toBe('people_key_revoked')
    for (const one of [strangers, mine])
      await expect(async () =>
        people.authenticate({ kind: 'session', token: one?.token ?? '' }),
      ).rejects.toMatchObject({ code: 'people_session_ended' })
    await expect(people.signIn.takeLink(tokenOf(unused.url))).rejects.toMatchObject({
      code: 'people_link_unusable',
    })
    expect(await stateOf(world, untouched.secret)).toBe('good')
    expect(await stateOf(world, world.ownerKey)).toBe('good')
    expect(await people.keys.listMade(owner, leaked.key.id)).toMatchObject({ keys: [] })
  })

  test('does not lock out who revokes, and nothing is revoked beyond their role', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const admin = await world.addPerson(owner, 'admin')
    const theirs = await makeKey(world, admin.principal, 'theirs')
    const { person } = await people.people.create(theirs.principal, {
      name: 'B',
      email: null,
      role: 'admin',
    })
    await people.people.update(owner, person.id, { role: 'owner' })
    await expect(
      people.keys.revoke(admin.principal, theirs.key.id, { hasMade: true }),
    ).rejects.toMatchObject({ code: 'people_role_too_weak' })
    expect(await stateOf(world, theirs.secret)).toBe('good')
    // The owner's key made the admin, who ends it with all it made and goes on.
    await people.people.update(owner, admin.id, { role: 'owner' })
    const { url } = await people.createOwnerLink()
    const { token } = await people.signIn.takeLink(tokenOf(url))
    const keyless = await people.authenticate({ kind: 'session', token })
    const wish = { name: 'good', scopes: 'all', personId: admin.id } as const
    const { secret } = await people.keys.create(keyless, wish)
    const asOwner = await people.authenticate(key(secret))
    await people.keys.revoke(asOwner, owner.keyId ?? '', { hasMade: true })
    for (const ended of [world.ownerKey, admin.key, theirs.secret])
      expect(await stateOf(world, ended)).toBe('people_key_revoked')
    expect(await stateOf(world, secret)).toBe('good')
    expect(await people.authenticate({ kind: 'session', token })).toMatchObject({ role: 'owner' })
  })

  test('reaches into organisations that owners of the house made', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const leaked = await makeKey(world, owner, 'leaked')
    const { link, owner: first } = await people.organisations.create(leaked.principal, {
      name: 'Front',
      slug: null,
      owner: { name: 'Stranger', email: null },
    })
    const { token } = await people.signIn.takeLink(tokenOf(link.url))
    const inside = await makeKey(world, await people.authenticate({ kind: 'session', token }), 'x')
    const admin = await world.addPerson(owner, 'admin')
    await expect(people.keys.listMade(admin.principal, leaked.key.id)).rejects.toMatchObject({
      code: 'people_role_too_weak',
    })
    const made = await people.keys.revoke(owner, leaked.key.id, { hasMade: true })
    expect(made.people.map(({ id }) => id)).toEqual([first.id])
    expect(await stateOf(world, inside.secret)).toBe('people_key_revoked')
  })

  test('is told, and asked about, where it was being made as the key was revoked', async () => {
    const world = await openPeopleWorld()
    const { people, owner, store } = world
    const admin = await world.addPerson(owner, 'admin')
    const id = admin.principal.keyId ?? ''
    /** While the key is revoked somebody makes another with it, of this role. */
    const race = async (caller: Principal, role: string) => {
      const client = await store.pool.connect()
      try {
        await client.query('begin')
        await client.query('select 1 from keys where id = $1 for share', [id])
        const { rows } = await client.query('select * from keys where id = $1', [id])
        const { name: _, ...row } = rows[0]
        const { subjectId: subject_id, personId: person_id } = owner
        const theirs = { subject_id, person_id, made_by_key_id: id }
        const late = { ...row, ...theirs, id: newId(), name: role, hash: newId(), role }
        const names = Object.keys(late)
        await client.query(
          `insert into keys (${names}) values (${names.map((_name, at) => `$${at + 1}`)})`,
          Object.values(late),
        )
        const revoked = people.keys.revoke(caller, id, { hasMade: true })
        revoked.catch(() => undefined)
        await new Promise((done) => setTimeout(done, 200))
        await client.query('commit')
        return await revoked
      } finally {
        client.release()
      }
    }
    await expect(race(admin.principal, 'owner')).rejects.toMatchObject({
      code: 'people_role_too_weak',
    })
    await store.pool.query(`update keys set revoked_at = now() where name = 'owner'`)
    expect((await race(owner, 'member')).keys.map(({ name }) => name)).toEqual(['member'])
  })

  test('is nothing any more once it is revoked, even by a process that still knows it', async () => {
    const world = await openPeopleWorld()
    const { people, owner } = world
    const leaked = await makeKey(world, owner, 'leaked')
    const all = await Promise.allSettled([
      people.keys.revoke(owner, leaked.key.id, { hasMade: true }),
      ...Array.from({ length: 8 }, (_, index) =>
        people.keys.create(leaked.principal, { name: `late ${index}`, scopes: 'all' }),
      ),
    ])
    for (const one of all)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({ code: 'people_key_revoked' })
    const { items } = await people.keys.list(owner, { cursor: null, limit: 50 })
    expect(items.filter(({ revokedAt }) => revokedAt === null)).toMatchObject([
      { name: 'owner.key' },
    ])
    await expect(
      people.people.create(leaked.principal, { name: 'A', email: null, role: 'member' }),
    ).rejects.toMatchObject({ code: 'people_key_revoked' })
    await expect(people.signIn.createLink(leaked.principal, null)).rejects.toMatchObject({
      code: 'people_key_revoked',
    })
  })
})

test('revocations that overlap lock keys in the order of their ids', async () => {
  const { store } = await openPeopleWorld()
  const asked: string[] = []
  const db = store.db.withPlugin({
    transformQuery: ({ node }) => {
      asked.push(JSON.stringify(node))
      return node
    },
    transformResult: async ({ result }) => result,
  })
  await lockKeys(db, [newId(), newId()])
  expect(asked).toHaveLength(1)
  expect(asked[0]).toMatch(/OrderByNode.*ForUpdate/s)
})

describe('the last use of a key', () => {
  test('that cannot be noted is logged, unless a full disk is why, and refuses nobody', async () => {
    const { store, people, owner, clock } = await openPeopleWorld()
    const { secret } = await people.keys.create(owner, { name: 'a' })
    const logged: object[] = []
    const log = { ...silentLog, warn: (fields: object) => void logged.push(fields) }
    const loadWith = async (sqlstate: string) => {
      await store.pool.query(`create or replace function fail() returns trigger language plpgsql as
        $$ begin raise exception 'no' using errcode = '${sqlstate}'; end $$`)
      const means = { nowMs: clock.nowMs(), log }
      return (await loadAndNoteKeys(store.db, [hashSecret(secret)], means)).size
    }
    await store.pool.query(`create function fail() returns trigger language plpgsql as
      $$ begin return new; end $$`)
    await store.pool.query(
      'create trigger fails before update on keys for each row execute function fail()',
    )
    expect([await loadWith('53100'), logged.length]).toEqual([1, 0])
    expect([await loadWith('42501'), logged.length]).toEqual([1, 1])
  })

  test('is noted to the hour', async () => {
    const world = await openPeopleWorld()
    const { people, owner, clock } = world
    const { secret, key: made } = await people.keys.create(owner, { name: 'a' })
    const lastUse = async () => {
      const { items } = await people.keys.list(owner, { cursor: null, limit: 9 })
      return items.find(({ id }) => id === made.id)?.lastUsedAt?.getTime() ?? null
    }
    expect(await lastUse()).toBeNull()
    await people.authenticate(key(secret))
    const firstMs = clock.nowMs()
    expect(await lastUse()).toBe(firstMs)
    clock.move(30 * 60_000)
    await people.authenticate(key(secret))
    expect(await lastUse()).toBe(firstMs)
    clock.move(31 * 60_000)
    await people.authenticate(key(secret))
    expect(await lastUse()).toBe(clock.nowMs())
  })
})

test('owner’s keys of several homes say where they lie', async () => {
  const { people, owner, ownerKeyPath } = await openPeopleWorld()
  await people.setUpOwner(`${ownerKeyPath}.d/owner.key`.replace('.d/', '-'))
  const { items } = await people.keys.list(owner, { cursor: null, limit: 9 })
  expect(items.map(({ home }) => home)).toEqual([
    expect.stringMatching(/^.+:\/.*baimo-people-/),
    expect.stringMatching(/^.+:\/.*baimo-people-/),
  ])
})
