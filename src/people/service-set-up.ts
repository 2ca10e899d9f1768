import { assert, type KeyId, newId } from '../kernel/index.ts'
import { hashSecret, isWellFormedKey, prefixOfKey } from './key-format.ts'
import { isUnlimited } from './may-grant.ts'
import {
  closeOwnerKey,
  homeOf,
  noteIssuedKeyId,
  readIssuedKeyId,
  readOwnerKey,
  writeOwnerKey,
} from './owner-key-file.ts'
import { drawKey } from './service-keys.ts'
import { changeAccess, type Database, type Means } from './service-means.ts'
import { addOrganisation } from './service-organisations.ts'
import { addPerson } from './service-people.ts'
import { insertKey, loadKeys, noteHome, revokeOwnerKey } from './store-keys.ts'
import { findFirstOwner, findHouse, findSubject, lockSetUp } from './store-people.ts'
import type { Organisation, Person } from './types.ts'

export interface OwnerSetUp {
  /** Whether the house and its owner were made now. */
  readonly isFirstStart: boolean
  /** Whether the file holds a key that was issued now. */
  readonly isKeyNew: boolean
}

/**
 * Makes the house organisation and its owner on the first start, and sees to it that the file
 * holds a key of a house owner: where it does not (deleted, torn, revoked, of another database)
 * a new one is issued and the one that this home had before is revoked. Other homes on the same
 * database keep theirs. Refuses with `people_owner_key_unreadable`, `people_owner_key_unwritable`.
 *
 * The file is written last but before the commit: after a crash between the two it holds a key
 * that the database does not know, and the next start issues another. Which key it is, is noted
 * after the commit: until then the note names the one before, which is still to be revoked.
 */
export async function setUpOwner(means: Means, ownerKeyPath: string): Promise<OwnerSetUp> {
  const { keyId, ...result } = await changeAccess(means, async (trx) => {
    await lockSetUp(trx)
    const now = new Date(means.clock.nowMs())
    const found = await findHouse(trx)
    const house = found ?? (await makeHouse(trx, now))
    const known = await findOwnerKey(trx, ownerKeyPath, now)
    if (known !== null) await noteHome(trx, known, homeOf(ownerKeyPath))
    const keyId = known ?? (await issueOwnerKey(trx, { house, ownerKeyPath, now }))
    const isKeyNew = known === null
    const result = { isFirstStart: found === null, isKeyNew, keyId }
    return { result, outdated: isKeyNew ? { kind: 'all' } : null }
  })
  noteIssuedKeyId(ownerKeyPath, keyId)
  closeOwnerKey(ownerKeyPath)
  return result
}

async function makeHouse(db: Database, now: Date): Promise<Organisation> {
  const house = await addOrganisation(db, { name: 'House', slug: 'house', isHouse: true }, now)
  await addPerson(
    db,
    house.id,
    { name: 'Owner', email: null, role: 'owner' },
    { madeBy: null, now },
  )
  return house
}

/** The id of the key in the file; null: it is no good key of a house owner. */
async function findOwnerKey(db: Database, path: string, now: Date): Promise<KeyId | null> {
  const secret = readOwnerKey(path)
  if (secret === null || !isWellFormedKey(secret)) return null
  const hash = hashSecret(secret)
  const found = (await loadKeys(db, [hash], now)).get(hash)
  if (found?.kind !== 'good') return null
  const { principal } = found
  const isOwners = principal.isHouse && principal.role === 'owner' && isUnlimited(principal)
  return isOwners ? principal.keyId : null
}

async function issueOwnerKey(
  db: Database,
  { house, ownerKeyPath, now }: { house: Organisation; ownerKeyPath: string; now: Date },
): Promise<KeyId> {
  const owner: Person | null = await findFirstOwner(db, house.id)
  assert(owner !== null, 'people: the house keeps at least one owner')
  const subjectId = await findSubject(db, owner.id)
  assert(subjectId !== null, 'people: every person has a subject')
  const before = readIssuedKeyId(ownerKeyPath)
  if (before !== null) await revokeOwnerKey(db, before, now)
  const id = newId<'key'>()
  const secret = drawKey()
  await insertKey(db, {
    id,
    hash: hashSecret(secret),
    prefix: prefixOfKey(secret),
    name: 'owner.key',
    organisationId: house.id,
    subjectId,
    personId: owner.id,
    teamId: null,
    role: 'owner',
    scopes: null,
    models: null,
    isOwnerKey: true,
    expiresAt: null,
    madeBy: null,
    createdBy: owner.id,
    home: homeOf(ownerKeyPath),
    now,
  })
  writeOwnerKey(ownerKeyPath, secret)
  return id
}
