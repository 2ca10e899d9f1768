import { randomBytes } from 'node:crypto'
import {
  type KeyId,
  type Log,
  newId,
  type PersonId,
  Refusal,
  type SubjectId,
  type TeamId,
} from '../kernel/index.ts'
import type { Found } from './authenticate.ts'
import { refuse } from './errors.ts'
import { composeKey, hashSecret, KEY_RANDOM_BYTES, prefixOfKey } from './key-format.ts'
import { isAtLeast } from './may-call.ts'
import { chooseScopes, type Holder, mayMakeKey, mayRevokeKey } from './may-grant.ts'
import { demandMaker, holdMade, listMade, type Made, revokeMade } from './service-made.ts'
import { changeAccess, type Database, type Means, pageOf, refuseWeakRole } from './service-means.ts'
import { findKey, insertKey, listKeys, loadKeys, noteKeyUses, revokeKey } from './store-keys.ts'
import { findPerson, findSubject } from './store-people.ts'
import { findTeam } from './store-teams.ts'
import type { Key, Page, PageWish, Principal, Scope } from './types.ts'

/** What a caller wants of a new key. Absent: for oneself, any model, without an end. */
export interface NewKeyWish {
  readonly name: string
  /** `all`: everything the caller's own may; absent: the least that is useful, `USE_SCOPES`. */
  readonly scopes?: readonly Scope[] | 'all' | null | undefined
  readonly models?: readonly string[] | null | undefined
  readonly expiresAt?: Date | null | undefined
  readonly teamId?: string | null | undefined
  readonly personId?: string | null | undefined
}

export interface Keys {
  /** The caller's own keys, newest first; for an admin all of the organisation. */
  list(caller: Principal, page: PageWish): Promise<Page<Key>>
  /** A new key and its secret, which is told this once. */
  create(caller: Principal, wish: NewKeyWish): Promise<{ key: Key; secret: string }>
  /** What lives that a key made, and what that made in turn. */
  listMade(caller: Principal, keyId: string): Promise<Made>
  /**
   * From now on the key answers nobody. Revoking twice is fine. What it made that lives, which is
   * revoked too where that is asked for: see `revokeMade` in service-made.ts.
   */
  revoke(caller: Principal, keyId: string, options?: { readonly hasMade: boolean }): Promise<Made>
}

export function openKeys(means: Means): Keys {
  return {
    async list(caller, page) {
      const isAdmin = isAtLeast(caller.role, 'admin')
      const of = {
        organisationId: caller.organisationId,
        subjectId: isAdmin ? null : caller.subjectId,
      }
      return pageOf(page, (wish) => listKeys(means.store.db, of, wish))
    },
    create: (caller, wish) =>
      changeAccess(means, async (trx) => {
        const result = await createKey(trx, { caller, wish, nowMs: means.clock.nowMs() })
        // Somebody may have tried it before it was there, and been remembered.
        return { result, outdated: { kind: 'key', hash: hashSecret(result.secret) } }
      }),
    async listMade(caller, keyId) {
      const { db } = means.store
      const { id } = await demandRevocable(db, caller, keyId)
      return listMade(db, { caller, keyId: id, now: new Date(means.clock.nowMs()) })
    },
    revoke: (caller, keyId, { hasMade } = { hasMade: false }) =>
      changeAccess(means, async (trx) => {
        const { id } = await demandRevocable(trx, caller, keyId)
        const now = new Date(means.clock.nowMs())
        const of = { caller, keyId: id, now }
        if (hasMade) await holdMade(trx, of)
        const hash = await revokeKey(trx, id, now)
        if (hasMade) return { result: await revokeMade(trx, of), outdated: { kind: 'all' } }
        const made = await listMade(trx, of)
        return { result: made, outdated: hash === null ? null : { kind: 'key', hash } }
      }),
  }
}

const NOTED_FOR_MS = 3_600_000

/** What is known of keys; that they are used is noted, to the hour. */
export async function loadAndNoteKeys(
  db: Database,
  hashes: readonly string[],
  { nowMs, log }: { readonly nowMs: number; readonly log: Log },
): Promise<ReadonlyMap<string, Found>> {
  const now = new Date(nowMs)
  const found = await loadKeys(db, hashes, now)
  const ids = [...found.values()].flatMap((one) => {
    if (one.kind !== 'good' || one.principal.keyId === null) return []
    const isNoted = (one.lastUsedMs ?? 0) > nowMs - NOTED_FOR_MS
    return isNoted ? [] : [one.principal.keyId]
  })
  if (ids.length === 0) return found
  try {
    await noteKeyUses(db, ids, { now, restMs: NOTED_FOR_MS })
    return found
  } catch (error) {
    // No reason to refuse a good key. Of a full disk others tell.
    const isFull = error instanceof Refusal && error.code === 'store_disk_full'
    if (!isFull) log.warn({ reason: String(error) }, 'the use of keys was not noted')
    return found
  }
}

async function demandRevocable(db: Database, caller: Principal, keyId: string): Promise<Key> {
  const key = await findKey(db, caller.organisationId, keyId)
  const decision = key === null ? 'invisible' : mayRevokeKey(caller, key)
  if (key === null || decision === 'invisible')
    throw refuse('people_key_not_found', 'You have no key of that id. `GET /api/keys` lists yours.')
  if (decision === 'role-too-weak') throw refuseWeakRole('revoke a key of a stronger role')
  return key
}

/** A secret that was never seen before. */
export function drawKey(): string {
  for (;;) {
    const key = composeKey(randomBytes(KEY_RANDOM_BYTES))
    if (key !== null) return key
  }
}

interface HolderFound {
  readonly holder: Holder
  readonly subjectId: SubjectId
  readonly personId: PersonId | null
  readonly teamId: TeamId | null
}

async function createKey(
  db: Database,
  { caller, wish, nowMs }: { caller: Principal; wish: NewKeyWish; nowMs: number },
): Promise<{ key: Key; secret: string }> {
  const found = await findHolder(db, caller, wish)
  const limits = {
    scopes: chooseScopes(wish.scopes ?? null, caller.scopes),
    models: wish.models ?? null,
    expiresAtMs: wish.expiresAt?.getTime() ?? null,
  }
  const decision = mayMakeKey(caller, found.holder, { ...limits, nowMs })
  if (decision.kind !== 'granted' || caller.personId === null) throw refusalFor(decision)
  const madeBy = await demandMaker(db, caller)
  const secret = drawKey()
  const now = new Date(nowMs)
  const key: Key = {
    id: newId<'key'>() satisfies KeyId,
    name: wish.name,
    prefix: prefixOfKey(secret),
    subjectId: found.subjectId,
    personId: found.personId,
    teamId: found.teamId,
    role: decision.role,
    scopes: limits.scopes,
    models: limits.models,
    isOwnerKey: false,
    expiresAt: wish.expiresAt ?? null,
    createdAt: now,
    revokedAt: null,
    madeBy,
    home: null,
    lastUsedAt: null,
  }
  await insertKey(db, {
    ...key,
    hash: hashSecret(secret),
    organisationId: caller.organisationId,
    createdBy: caller.personId,
    now,
  })
  return { key, secret }
}

async function findHolder(db: Database, caller: Principal, wish: NewKeyWish): Promise<HolderFound> {
  const teamId = wish.teamId ?? null
  const personId = wish.personId ?? null
  if (teamId !== null && personId !== null)
    throw refuse('people_two_holders', 'Send team_id or person_id, not both.', { param: 'team_id' })
  const isForOther = teamId !== null || (personId !== null && personId !== caller.personId)
  if (isForOther && !isAtLeast(caller.role, 'admin'))
    throw refuseWeakRole('make keys for teams or other people')
  if (teamId !== null) return holdByTeam(db, caller, teamId)
  if (isForOther && personId !== null) return holdByPerson(db, caller, personId)
  const { subjectId } = caller
  return { holder: { kind: 'self' }, subjectId, personId: caller.personId, teamId: null }
}

async function holdByTeam(db: Database, caller: Principal, id: string): Promise<HolderFound> {
  const team = await findTeam(db, caller.organisationId, id)
  if (team === null)
    throw refuse('people_team_not_found', 'Your organisation has no team of that id.', {
      param: 'team_id',
    })
  return { holder: { kind: 'team' }, subjectId: team.subjectId, personId: null, teamId: team.id }
}

async function holdByPerson(db: Database, caller: Principal, id: string): Promise<HolderFound> {
  const person = await findPerson(db, caller.organisationId, id)
  const subjectId = person === null ? null : await findSubject(db, person.id)
  if (person === null || subjectId === null)
    throw refuse('people_person_not_found', 'Your organisation has no person of that id.', {
      param: 'person_id',
    })
  return {
    holder: { kind: 'person', role: person.role },
    subjectId,
    personId: person.id,
    teamId: null,
  }
}

function refusalFor(decision: ReturnType<typeof mayMakeKey>) {
  switch (decision.kind) {
    case 'expiry-past':
      return refuse('people_expiry_past', 'Choose an expires_at in the future.', {
        param: 'expires_at',
      })
    case 'beyond-own':
      return refuse(
        'people_key_limited',
        `Your own key is limited: give the new one no more ${decision.what} than it has.`,
        { param: decision.what },
      )
    case 'role-too-weak':
      return refuseWeakRole('make a key for somebody of a stronger role')
    default:
      return refuse(
        'people_holder_missing',
        'A team’s key cannot make keys. Use the key of a person who is an admin.',
      )
  }
}
