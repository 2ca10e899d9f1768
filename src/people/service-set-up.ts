import { assert, newId } from '../kernel/index.ts'
import { hashSecret, isWellFormedKey, prefixOfKey } from './key-format.ts'
import { isUnlimited } from './may-grant.ts'
import { closeOwnerKey, readOwnerKey, writeOwnerKey } from './owner-key-file.ts'
import { drawKey } from './service-keys.ts'
import type { Database, Means } from './service-means.ts'
import { addOrganisation } from './service-organisations.ts'
import { addPerson } from './service-people.ts'
import { insertKey, loadKeys, revokeOwnerKey } from './store-keys.ts'
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
 * a new one is issued and the one before is revoked.
 *
 * The file is written last but before the commit: after a crash between the two it holds a key
 * that the database does not know, and the next start issues another.
 */
export async function setUpOwner(means: Means, ownerKeyPath: string): Promise<OwnerSetUp> {
  const result = await means.store.transaction(async (trx) => {
    await lockSetUp(trx)
    const now = new Date(means.clock.nowMs())
    const found = await findHouse(trx)
    const house = found ?? (await makeHouse(trx, now))
    const isKeyNew = !(await holdsOwnerKey(trx, ownerKeyPath, now))
    if (isKeyNew) await issueOwnerKey(trx, { house, ownerKeyPath, now })
    return { isFirstStart: found === null, isKeyNew }
  })
  closeOwnerKey(ownerKeyPath)
  means.invalidate()
  return result
}

async function makeHouse(db: Database, now: Date): Promise<Organisation> {
  const house = await addOrganisation(db, { name: 'House', slug: 'house', isHouse: true }, now)
  await addPerson(db, house.id, { name: 'Owner', email: null, role: 'owner' }, now)
  return house
}

async function holdsOwnerKey(db: Database, path: string, now: Date): Promise<boolean> {
  const secret = readOwnerKey(path)
  if (secret === null || !isWellFormedKey(secret)) return false
  const hash = hashSecret(secret)
  const found = (await loadKeys(db, [hash], now)).get(hash)
  if (found?.kind !== 'good') return false
  const { principal } = found
  return principal.isHouse && principal.role === 'owner' && isUnlimited(principal)
}

async function issueOwnerKey(
  db: Database,
  { house, ownerKeyPath, now }: { house: Organisation; ownerKeyPath: string; now: Date },
): Promise<void> {
  const owner: Person | null = await findFirstOwner(db, house.id)
  assert(owner !== null, 'people: the house keeps at least one owner')
  const subjectId = await findSubject(db, owner.id)
  assert(subjectId !== null, 'people: every person has a subject')
  await revokeOwnerKey(db, now)
  const secret = drawKey()
  await insertKey(db, {
    id: newId(),
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
    createdBy: owner.id,
    now,
  })
  writeOwnerKey(ownerKeyPath, secret)
}
