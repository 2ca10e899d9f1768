import { expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { openPeopleWorld } from '../../tests/support/people.ts'
import { silentLog, systemClock } from '../kernel/index.ts'
import { openHolders } from '../people/index.ts'
import { cleanLimits, openLimits } from './service.ts'
import type { Holder, Limits } from './types.ts'

const limits: Limits = { requestsPerMinute: 5, tokensPerMinute: null, concurrentRequests: null }
const whole = { cursor: null, limit: 100 }

async function openWorld(openStore: Parameters<typeof openPeopleWorld>[0]) {
  const world = await openPeopleWorld(openStore)
  const { store } = world
  const mayLimit = openHolders(store)
  const service = await openLimits({ store, clock: systemClock, log: silentLog, mayLimit })
  return { ...world, service }
}

describeOnEveryServer('who is limited', (openStore) => {
  it('loses the limits with the key, the membership or the team, and nobody else does', async () => {
    const { store, people, owner, addPerson, service } = await openWorld(openStore)
    const [stays, leaves] = [await addPerson(owner, 'member'), await addPerson(owner, 'member')]
    const team = await people.teams.create(owner, 'lab')
    const gone: Holder[] = [
      { kind: 'key', id: leaves.principal.keyId ?? owner.keyId },
      { kind: 'person', id: leaves.id },
      { kind: 'team', id: team.id },
    ] as Holder[]
    const kept = [
      { kind: 'key', id: stays.principal.keyId },
      { kind: 'person', id: stays.id },
    ] as Holder[]
    for (const holder of [...gone, ...kept]) await service.set(owner, holder, limits)
    await cleanLimits(store)
    expect((await service.list(owner, whole)).items).toHaveLength(5)
    await people.people.remove(owner, leaves.id)
    await people.teams.remove(owner, team.id)
    await cleanLimits(store)
    const left = (await service.list(owner, whole)).items.map(({ holder }) => holder)
    expect(left.map(({ id }) => id).sort()).toEqual(kept.map(({ id }) => id).sort())
    // In memory as well: it is loaded again on the news.
    await expect.poll(() => service.take(leaves.principal, 0)).toBeNull()
    expect(await service.take(stays.principal, 0)).not.toBeNull()
    await service.close()
  })

  it('is never stronger than who sets the limit, unless it is the same', async () => {
    const { owner, addPerson, service } = await openWorld(openStore)
    const admin = await addPerson(owner, 'admin')
    const strong = [
      { kind: 'person', id: owner.personId },
      { kind: 'key', id: owner.keyId },
    ] as Holder[]
    for (const holder of strong) {
      const tooWeak = { code: 'limits_role_too_weak' }
      await expect(service.set(admin.principal, holder, limits)).rejects.toMatchObject(tooWeak)
      await service.set(owner, holder, limits)
      await expect(service.remove(admin.principal, holder)).rejects.toMatchObject(tooWeak)
    }
    const own = [
      { kind: 'person', id: admin.id },
      { kind: 'key', id: admin.principal.keyId },
    ] as Holder[]
    for (const holder of own)
      await expect(service.set(admin.principal, holder, limits)).resolves.toMatchObject({ holder })
    await service.close()
  })
})
