import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../src/kernel/index.ts'
import { openPeople, type People, type Principal, type Role } from '../../src/people/index.ts'
import type { Store } from '../../src/store/index.ts'
import { openTestStore } from './database.ts'

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock {
  move(ms: number): void
}

export function handClock(startMs = Date.UTC(2026, 10, 25)): HandClock {
  let now = startMs
  return {
    nowMs: () => now,
    monotonicMs: () => now - startMs,
    move(ms) {
      now += ms
    },
  }
}

/** People on a fresh database, set up as at a first start; closed after the test. */
export interface PeopleWorld {
  readonly store: Store
  readonly people: People
  readonly clock: HandClock
  readonly ownerKeyPath: string
  readonly owner: Principal
  readonly ownerKey: string
  /** A person of an organisation, with a key of theirs. */
  addPerson(by: Principal, role: Role): Promise<{ id: string; key: string; principal: Principal }>
  /** Another organisation; its owner has signed in by link and made a key. */
  addOrganisation(): Promise<{ id: string; key: string; principal: Principal; session: string }>
}

export async function openPeopleWorld(
  openStore: () => Promise<Store> = openTestStore,
): Promise<PeopleWorld> {
  const store = await openStore()
  const folder = mkdtempSync(join(tmpdir(), 'baimo-people-'))
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const clock = handClock()
  const people = openPeople({
    store,
    clock,
    url: () => 'http://127.0.0.1:7777',
    scrapeToken: 'scrape-me',
    command: 'npx lion',
  })
  const ownerKeyPath = join(folder, 'owner.key')
  await people.setUpOwner(ownerKeyPath)
  const ownerKey = readFileSync(ownerKeyPath, 'utf8').trim()
  const owner = await people.authenticate({ kind: 'key', secret: ownerKey })
  return {
    store,
    people,
    clock,
    ownerKeyPath,
    owner,
    ownerKey,
    addPerson: (by, role) => addPerson(people, by, role),
    addOrganisation: () => addOrganisation(people, owner),
  }
}

let count = 0

async function addPerson(people: People, by: Principal, role: Role) {
  count += 1
  const { person } = await people.people.create(by, { name: `${role} ${count}`, email: null, role })
  const { secret } = await people.keys.create(by, {
    name: 'test',
    scopes: 'all',
    personId: person.id,
  })
  const principal = await people.authenticate({ kind: 'key', secret })
  return { id: person.id, key: secret, principal }
}

async function addOrganisation(people: People, owner: Principal) {
  count += 1
  const { organisation, link } = await people.organisations.create(owner, {
    name: `Organisation ${count}`,
    slug: null,
    owner: { name: 'First owner', email: null },
  })
  const { token } = await people.signIn.takeLink(tokenOf(link.url))
  const asSession = await people.authenticate({ kind: 'session', token })
  const { secret } = await people.keys.create(asSession, { name: 'test', scopes: 'all' })
  const principal = await people.authenticate({ kind: 'key', secret })
  return { id: organisation.id, key: secret, principal, session: token }
}

export function tokenOf(linkUrl: string): string {
  return linkUrl.slice(linkUrl.lastIndexOf('/') + 1)
}

/** Resolves when all that was announced before has been heard, one's own news too. */
export async function hearAll({ db, changes }: Store): Promise<void> {
  const heard = Promise.withResolvers<void>()
  const stop = changes.listen('probe', { onChange: () => heard.resolve(), onGap: () => {} })
  await changes.announce(db, 'probe', 'all')
  await heard.promise.finally(stop)
}
