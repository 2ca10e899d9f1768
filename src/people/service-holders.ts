import type { OrganisationId } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { mayLetIn, mayRevokeKey } from './may-grant.ts'
import { findKey } from './store-keys.ts'
import { findOrganisation, findPerson } from './store-people.ts'
import { findTeam } from './store-teams.ts'
import type { Principal } from './types.ts'

/** Whoever something may be set for, such as a limit. */
export interface HolderName {
  readonly kind: 'key' | 'person' | 'team' | 'organisation'
  readonly id: string
}

/** `unknown`: the caller's organisation has none of that id, or a key that was revoked. */
export type HolderDecision = 'allowed' | 'unknown' | 'role-too-weak'

/**
 * Whether a caller, an admin at least, may set something for a key, person or team of its own
 * organisation: for itself, and for who is not stronger. Of organisations only whether they exist.
 */
export function openHolders(
  store: Pick<Store, 'db'>,
): (caller: Principal, holder: HolderName) => Promise<HolderDecision> {
  const { db } = store
  return async (caller, { kind, id }) => {
    const { organisationId } = caller
    if (kind === 'key') {
      const key = await findKey(db, organisationId, id)
      if (key === null || key.revokedAt !== null) return 'unknown'
      const decision = mayRevokeKey(caller, key)
      return decision === 'invisible' ? 'unknown' : decision
    }
    if (kind === 'person') {
      const person = await findPerson(db, organisationId, id)
      if (person === null) return 'unknown'
      return mayLetIn(caller, person) ? 'allowed' : 'role-too-weak'
    }
    const found =
      kind === 'team'
        ? await findTeam(db, organisationId, id)
        : await findOrganisation(db, id as OrganisationId)
    return found === null ? 'unknown' : 'allowed'
  }
}
