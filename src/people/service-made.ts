import type { KeyId, OrganisationId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { isAtLeast, mayCall } from './may-call.ts'
import { mayLetIn, mayRevokeKey } from './may-grant.ts'
import { type Database, refuseWeakRole } from './service-means.ts'
import {
  countWaysIn,
  deleteWaysIn,
  findMadeIds,
  holdMaker,
  listLiveKeys,
  listMembers,
  lockKeys,
  type MadeIds,
  type MadeWays,
  revokeKeys,
  type Within,
} from './store-made.ts'
import type { Key, Maker, Person, Principal } from './types.ts'

/** What lives that a key made, and what that made in turn, as far as the caller may see it. */
export interface Made extends MadeWays {
  readonly keys: readonly Key[]
  /** Made people, who are still members. */
  readonly people: readonly Person[]
}

type Decision = ReturnType<typeof mayRevokeKey>

/**
 * Whom to record as the maker of what a caller makes. From here to the end of the transaction
 * nobody can revoke the key that it comes by. Refuses with `people_key_revoked` or
 * `people_session_ended` where somebody just did.
 */
export async function demandMaker(db: Database, caller: Principal): Promise<Maker> {
  const { keyId, madeByKeyId, subjectId, personId } = caller
  if (await holdMaker(db, caller))
    return { keyId: keyId ?? madeByKeyId ?? null, subjectId, personId }
  throw keyId === null
    ? refuse('people_session_ended', 'Your session has ended. Open a new link.')
    : refuse('people_key_revoked', 'This key was revoked. Make a new one with another key.')
}

/** What lives that a key of the caller's made. */
export async function listMade(
  db: Database,
  { caller, keyId, now }: { caller: Principal; keyId: KeyId; now: Date },
): Promise<Made> {
  const ids = await findMadeIds(db, keyId, caller.personId)
  const found = await loadMade(db, ids, now)
  const ways = await countWaysIn(db, { ...ids, keyIds: [keyId, ...ids.keyIds] }, now)
  return {
    ...ways,
    keys: found.keys.filter((key) => decideKey(caller, key) !== 'invisible').map(itemOf),
    people: found.people.filter((one) => decidePerson(caller, one) !== 'invisible').map(itemOf),
  }
}

/**
 * Ends what a key made, after the key itself was revoked in the same transaction: keys are revoked,
 * people locked out (their keys, sessions and links end; they stay who they are), and so are the
 * sessions and links that these keys made. The caller is not locked out as a person. Refuses as a
 * whole with `people_role_too_weak` where something is beyond the caller.
 */
export async function revokeMade(
  db: Database,
  { caller, keyId, now }: { caller: Principal; keyId: KeyId; now: Date },
): Promise<Made> {
  let ended: Made = { keys: [], people: [], sessionCount: 0, linkCount: 0 }
  let ids = await findMadeIds(db, keyId, caller.personId)
  for (let known: MadeIds = { keyIds: [], personIds: [] }; ; ) {
    ended = sumOf(ended, await endMade(db, { caller, keyId, now, ids, known }))
    // What was being made meanwhile had to end before its maker could be revoked: it shows now.
    known = ids
    ids = await findMadeIds(db, keyId, caller.personId)
    if (sizeOf(ids) === sizeOf(known)) return ended
  }
}

/** Ends these, of which some are known from the round before; what it ended. */
async function endMade(
  db: Database,
  of: { caller: Principal; keyId: KeyId; now: Date; ids: MadeIds; known: MadeIds },
): Promise<Made> {
  const { caller, keyId, now, ids, known } = of
  const made = await loadMade(db, without(ids, known), now)
  const isAllowed =
    made.keys.every((key) => decideKey(caller, key) === 'allowed') &&
    made.people.every((person) => decidePerson(caller, person) === 'allowed')
  if (!isAllowed) throw refuseWeakRole('revoke all that this key made')
  const withItself = { ...ids, keyIds: [keyId, ...ids.keyIds] }
  const ways = await countWaysIn(db, withItself, now)
  await revokeKeys(db, ids.keyIds, now)
  await deleteWaysIn(db, withItself)
  return { ...ways, keys: made.keys.map(itemOf), people: made.people.map(itemOf) }
}

function without(ids: MadeIds, known: MadeIds): MadeIds {
  const [keys, people] = [new Set(known.keyIds), new Set(known.personIds)]
  return {
    keyIds: ids.keyIds.filter((id) => !keys.has(id)),
    personIds: ids.personIds.filter((id) => !people.has(id)),
  }
}

function sumOf(a: Made, b: Made): Made {
  return {
    keys: [...b.keys, ...a.keys],
    people: [...a.people, ...b.people],
    sessionCount: a.sessionCount + b.sessionCount,
    linkCount: a.linkCount + b.linkCount,
  }
}

/**
 * Locks a key and what it made, in the order of ids: revocations that overlap wait for one another
 * and never for each other at once.
 */
export async function holdMade(
  db: Database,
  { caller, keyId }: { caller: Principal; keyId: KeyId },
): Promise<void> {
  const { keyIds } = await findMadeIds(db, keyId, caller.personId)
  await lockKeys(db, [keyId, ...keyIds])
}

async function loadMade(db: Database, ids: MadeIds, now: Date) {
  return {
    keys: await listLiveKeys(db, ids.keyIds, now),
    people: await listMembers(db, ids.personIds),
  }
}

function sizeOf({ keyIds, personIds }: MadeIds): number {
  return keyIds.length + personIds.length
}

function itemOf<Item>({ item }: Within<Item>): Item {
  return item
}

function decideKey(caller: Principal, { item, organisationId }: Within<Key>): Decision {
  if (!isNear(caller, organisationId)) return decideElsewhere(caller)
  return mayRevokeKey(caller, item)
}

function decidePerson(caller: Principal, { item, organisationId }: Within<Person>): Decision {
  if (!isNear(caller, organisationId)) return decideElsewhere(caller)
  if (mayLetIn(caller, item)) return 'allowed'
  return isAtLeast(caller.role, 'admin') ? 'role-too-weak' : 'invisible'
}

function isNear(caller: Principal, organisationId: OrganisationId): boolean {
  return caller.organisationId === organisationId
}

/** What owners of the house made in other organisations is theirs alone to end. */
function decideElsewhere(caller: Principal): Decision {
  const decision = mayCall(caller, { access: 'house-owner', scope: null })
  return decision.kind === 'allowed' ? 'allowed' : 'invisible'
}
