import type { OrganisationId } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { findKey } from './store-keys.ts'
import { findOrganisation, findPerson } from './store-people.ts'
import { findTeam } from './store-teams.ts'

/** Whoever something may be set for, such as a limit. */
export interface HolderName {
  readonly kind: 'key' | 'person' | 'team' | 'organisation'
  readonly id: string
}

/** Whether an organisation has a holder, or is it. */
export function openHolders(
  store: Pick<Store, 'db'>,
): (organisationId: OrganisationId, holder: HolderName) => Promise<boolean> {
  const { db } = store
  return async (organisationId, { kind, id }) => {
    if (kind === 'key') return (await findKey(db, organisationId, id)) !== null
    if (kind === 'person') return (await findPerson(db, organisationId, id)) !== null
    if (kind === 'team') return (await findTeam(db, organisationId, id)) !== null
    return id === organisationId && (await findOrganisation(db, organisationId)) !== null
  }
}
