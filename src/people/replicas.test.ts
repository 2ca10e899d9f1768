import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../../tests/support/database.ts'
import { makeQuickFolder } from '../../tests/support/folders.ts'
import { tokenOf } from '../../tests/support/people.ts'
import { silentLog, systemClock } from '../kernel/index.ts'
import { openStore } from '../store/index.ts'
import { openPeople, type People } from './service.ts'
import type { Credentials } from './types.ts'

/** Two processes' worth of people on one database, and the owner, who has a session. */
async function openTwo() {
  const databaseUrl = await createTestDatabase()
  const open = async (): Promise<People> => {
    const home = { path: '', databasePath: '', runPath: '' }
    const store = await openStore({ home, databaseUrl, log: silentLog, onProgress: () => {} })
    onTestFinished(() => store.close())
    const url = () => 'http://127.0.0.1:7777'
    return openPeople({ store, clock: systemClock, url, scrapeToken: null })
  }
  const [one, other] = [await open(), await open()]
  const folder = makeQuickFolder('baimo-people-')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await one.setUpOwner(join(folder, 'owner.key'))
  const { token } = await one.signIn.takeLink(tokenOf((await one.createOwnerLink()).url))
  const owner = await one.authenticate({ kind: 'session', token })
  return { one, other, owner, token }
}

const answerOf = async (people: People, credentials: Credentials): Promise<string> =>
  Promise.try(() => people.authenticate(credentials)).then(
    ({ role }) => role,
    (error: { code: string }) => error.code,
  )

/** How long until this answer comes, asked again and again as requests would. */
async function timeTo(answer: string, people: People, credentials: Credentials): Promise<number> {
  const beganMs = performance.now()
  for (;;) {
    const found = await answerOf(people, credentials)
    const tookMs = performance.now() - beganMs
    if (found === answer || tookMs > 5_000) return tookMs
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

test('what ends in one process ends in the other within a second', async () => {
  const { one, other, owner, token } = await openTwo()
  const key = (secret: string): Credentials => ({ kind: 'key', secret })
  const { person } = await one.people.create(owner, { name: 'A', email: null, role: 'admin' })
  const team = await one.teams.create(owner, 'Team')
  const [mine, theirs, teams] = [
    await one.keys.create(owner, { name: 'mine' }),
    await one.keys.create(owner, { name: 'theirs', personId: person.id }),
    await one.keys.create(owner, { name: 'team', teamId: team.id }),
  ]
  const session: Credentials = { kind: 'session', token }
  expect(await answerOf(other, key(mine.secret))).toBe('owner')
  expect(await answerOf(other, key(theirs.secret))).toBe('admin')
  expect(await answerOf(other, key(teams.secret))).toBe('member')
  expect(await answerOf(other, session)).toBe('owner')

  await one.keys.revoke(owner, mine.key.id)
  expect(await timeTo('people_key_revoked', other, key(mine.secret))).toBeLessThan(1_000)
  await one.people.update(owner, person.id, { role: 'member' })
  expect(await timeTo('member', other, key(theirs.secret))).toBeLessThan(1_000)
  await one.people.remove(owner, person.id)
  expect(await timeTo('people_key_revoked', other, key(theirs.secret))).toBeLessThan(1_000)
  await one.teams.remove(owner, team.id)
  expect(await timeTo('people_key_revoked', other, key(teams.secret))).toBeLessThan(1_000)
  await one.signIn.endSession(token)
  expect(await timeTo('people_session_ended', other, session)).toBeLessThan(1_000)
})

test('a key works in the other process at once', async () => {
  const { one, other, owner } = await openTwo()
  const { secret } = await one.keys.create(owner, { name: 'new' })
  expect(await answerOf(other, { kind: 'key', secret })).toBe('owner')
})
