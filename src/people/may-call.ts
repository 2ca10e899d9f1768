import { assertNever } from '../kernel/index.ts'
import type { Access, Principal, Role, Scope } from './types.ts'

export type CallDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'key-missing' }
  | { readonly kind: 'role-too-weak' }
  | { readonly kind: 'scope-missing'; readonly scope: Scope }

/** Whether a caller may call a route that declares `access` and `scope`; role before scope. */
export function mayCall(
  caller: Principal | null,
  route: { readonly access: Access; readonly scope: Scope | 'any' | null },
): CallDecision {
  if (route.access === 'anyone') return { kind: 'allowed' }
  if (caller === null) return { kind: 'key-missing' }
  if (!hasAccess(caller, route.access)) return { kind: 'role-too-weak' }
  const { scope } = route
  if (scope === null || scope === 'any' || caller.scopes === null) return { kind: 'allowed' }
  if (caller.scopes.includes(scope)) return { kind: 'allowed' }
  return { kind: 'scope-missing', scope }
}

const strength: Readonly<Record<Role, number>> = { member: 1, admin: 2, owner: 3 }

/** Whether `role` allows at least what `least` allows. */
export function isAtLeast(role: Role, least: Role): boolean {
  return strength[role] >= strength[least]
}

export function weakerOf(first: Role, second: Role): Role {
  return isAtLeast(first, second) ? second : first
}

function hasAccess(caller: Principal, access: Exclude<Access, 'anyone'>): boolean {
  const isHouseOwner = caller.isHouse && caller.role === 'owner'
  if (caller.via === 'scrape-token') return access === 'scraper'
  switch (access) {
    case 'member':
      return true
    case 'admin':
    case 'owner':
      return isAtLeast(caller.role, access)
    case 'operator':
      return caller.isHouse && isAtLeast(caller.role, 'admin')
    case 'house-owner':
    case 'scraper':
      return isHouseOwner
    default:
      return assertNever(access, 'people: an access that no rule knows')
  }
}

/** A role as it is kept: better-auth may keep several, and whatever is unknown allows least. */
export function parseRole(kept: string): Role {
  const roles = kept.split(',').map((role) => role.trim())
  if (roles.includes('owner')) return 'owner'
  return roles.includes('admin') ? 'admin' : 'member'
}
