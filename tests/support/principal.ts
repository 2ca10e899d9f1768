import { newId } from '../../src/kernel/index.ts'
import type { Principal } from '../../src/people/index.ts'

/** A member with an unlimited key of their own, in an organisation of their own; with changes. */
export function principalWith(changes: Partial<Principal> = {}): Principal {
  return {
    via: 'key',
    subjectId: newId(),
    organisationId: newId(),
    personId: newId(),
    teamId: null,
    role: 'member',
    isHouse: false,
    keyId: newId(),
    models: null,
    scopes: null,
    expiresAtMs: null,
    ...changes,
  }
}
