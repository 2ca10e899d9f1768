import { assert } from '../kernel/index.ts'
import { isAtLeast, weakerOf } from './may-call.ts'
import type { Principal, Role, Scope } from './types.ts'

/** What a new key is asked to be. Null: no limit. */
export interface KeyWish {
  readonly scopes: readonly Scope[] | null
  readonly models: readonly string[] | null
  readonly expiresAtMs: number | null
}

/** What a new key may call where nothing else is asked for: `/v1/*`. */
export const USE_SCOPES: readonly Scope[] = ['chat', 'completions', 'embeddings', 'models']

/**
 * The scopes of a new key: those asked for; `all`: what its maker's own may; null: the least that
 * is useful, as far as the maker has it (none of it: all of it, which is refused as too much).
 */
export function chooseScopes(
  wish: readonly Scope[] | 'all' | null,
  own: readonly Scope[] | null,
): readonly Scope[] | null {
  if (wish === 'all') return own
  if (wish !== null) return wish
  const shared = USE_SCOPES.filter((scope) => own === null || own.includes(scope))
  return shared.length === 0 ? USE_SCOPES : shared
}

/** Whom a new key is to belong to, as the maker's organisation knows them. */
export type Holder =
  | { readonly kind: 'self' }
  | { readonly kind: 'person'; readonly role: Role }
  | { readonly kind: 'team' }

export type KeyDecision =
  /** `role` is the most the key will ever be allowed. */
  | { readonly kind: 'granted'; readonly role: Role }
  | { readonly kind: 'expiry-past' }
  | { readonly kind: 'holder-missing' }
  | { readonly kind: 'role-too-weak' }
  | { readonly kind: 'beyond-own'; readonly what: 'scopes' | 'models' | 'expires_at' }

/**
 * Whether `maker` may make a key for `holder`: a member for oneself, an admin for teams and for
 * people no stronger than oneself; never with more scopes, models, time or role than the maker has.
 */
export function mayMakeKey(
  maker: Principal,
  holder: Holder,
  wish: KeyWish & { readonly nowMs: number },
): KeyDecision {
  if (maker.personId === null) return { kind: 'holder-missing' }
  if (wish.expiresAtMs !== null && wish.expiresAtMs <= wish.nowMs) return { kind: 'expiry-past' }
  if (holder.kind !== 'self' && !isAtLeast(maker.role, 'admin')) return { kind: 'role-too-weak' }
  if (holder.kind === 'person' && !isAtLeast(maker.role, holder.role))
    return { kind: 'role-too-weak' }
  if (!isWithin(wish.scopes, maker.scopes)) return { kind: 'beyond-own', what: 'scopes' }
  if (!isWithin(wish.models, maker.models)) return { kind: 'beyond-own', what: 'models' }
  if (!isNoLater(wish.expiresAtMs, maker.expiresAtMs))
    return { kind: 'beyond-own', what: 'expires_at' }
  const role = weakestRole(maker, holder)
  assert(isAtLeast(maker.role, role), 'people: a key never gets more than its maker has')
  return { kind: 'granted', role }
}

function weakestRole(maker: Principal, holder: Holder): Role {
  if (holder.kind === 'team') return 'member'
  return holder.kind === 'self' ? maker.role : weakerOf(maker.role, holder.role)
}

/** Whether a list of what is allowed lies within another. Null allows everything. */
function isWithin(wish: readonly string[] | null, own: readonly string[] | null): boolean {
  if (own === null) return true
  return wish?.every((entry) => own.includes(entry)) ?? false
}

function isNoLater(wishMs: number | null, ownMs: number | null): boolean {
  if (ownMs === null) return true
  return wishMs !== null && wishMs <= ownMs
}

/** Whether a caller has everything its person has: only then may it hand out ways to sign in. */
export function isUnlimited(caller: Principal): boolean {
  return (
    caller.personId !== null &&
    caller.scopes === null &&
    caller.models === null &&
    caller.expiresAtMs === null
  )
}

export type RoleDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'role-too-weak' }
  | { readonly kind: 'last-owner' }

/**
 * Whether a caller of role `by` may turn somebody's role `from` into `to`; null: comes, or goes.
 * Nobody touches a stronger role or gives one, and an organisation keeps at least one owner.
 */
export function mayChangeRole(
  by: Role,
  change: { readonly from: Role | null; readonly to: Role | null; readonly ownerCount: number },
): RoleDecision {
  if (!isAtLeast(by, 'admin')) return { kind: 'role-too-weak' }
  for (const role of [change.from, change.to])
    if (role !== null && !isAtLeast(by, role)) return { kind: 'role-too-weak' }
  const leaves = change.from === 'owner' && change.to !== 'owner'
  if (leaves && change.ownerCount <= 1) return { kind: 'last-owner' }
  return { kind: 'allowed' }
}

/** Whether a caller may see and revoke a key: its own, or as an admin one of no stronger a role. */
export function mayRevokeKey(
  caller: Principal,
  key: { readonly subjectId: string; readonly role: Role },
): 'allowed' | 'invisible' | 'role-too-weak' {
  if (caller.subjectId === key.subjectId) return 'allowed'
  if (!isAtLeast(caller.role, 'admin')) return 'invisible'
  return isAtLeast(caller.role, key.role) ? 'allowed' : 'role-too-weak'
}

/** Whether a caller may make a link for a person of its organisation: itself, or none stronger. */
export function mayLetIn(
  caller: Pick<Principal, 'personId' | 'role'>,
  person: { readonly id: string; readonly role: Role },
): boolean {
  if (caller.personId === person.id) return true
  return isAtLeast(caller.role, 'admin') && isAtLeast(caller.role, person.role)
}
