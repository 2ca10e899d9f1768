import { expect, test } from 'vitest'
import { principalWith } from '../../tests/support/principal.ts'
import { newId } from '../kernel/index.ts'
import { type Holder, isUnlimited, mayChangeRole, mayMakeKey, mayRevokeKey } from './may-grant.ts'
import type { Principal, Role } from './types.ts'

const nowMs = 1_000
const noLimits = { scopes: null, models: null, expiresAtMs: null, nowMs }
const self: Holder = { kind: 'self' }

function maker(role: Role, change: Partial<Principal> = {}): Principal {
  return principalWith({ role, ...change })
}

test('everybody makes keys for themselves, of their own role', () => {
  for (const role of ['member', 'admin', 'owner'] as const)
    expect(mayMakeKey(maker(role), self, noLimits)).toEqual({ kind: 'granted', role })
})

test('admins make keys for teams and for people no stronger than they are', () => {
  const person = (role: Role): Holder => ({ kind: 'person', role })
  const granted = (role: Role) => ({ kind: 'granted', role })
  const refused = { kind: 'role-too-weak' }
  expect(mayMakeKey(maker('member'), { kind: 'team' }, noLimits)).toEqual(refused)
  expect(mayMakeKey(maker('admin'), { kind: 'team' }, noLimits)).toEqual(granted('member'))
  expect(mayMakeKey(maker('member'), person('member'), noLimits)).toEqual(refused)
  expect(mayMakeKey(maker('admin'), person('admin'), noLimits)).toEqual(granted('admin'))
  expect(mayMakeKey(maker('admin'), person('owner'), noLimits)).toEqual(refused)
  expect(mayMakeKey(maker('owner'), person('member'), noLimits)).toEqual(granted('member'))
})

test('a team’s key makes none', () => {
  expect(mayMakeKey(maker('member', { personId: null }), self, noLimits).kind).toBe(
    'holder-missing',
  )
})

test('a key never reaches further than the one it was made with', () => {
  const limited = maker('member', { scopes: ['api', 'chat'], models: ['a'], expiresAtMs: 5_000 })
  const within = { scopes: ['chat'], models: ['a'], expiresAtMs: 5_000, nowMs } as const
  expect(mayMakeKey(limited, self, within).kind).toBe('granted')
  for (const [what, wish] of [
    ['scopes', { ...within, scopes: null }],
    ['scopes', { ...within, scopes: ['usage'] }],
    ['models', { ...within, models: null }],
    ['models', { ...within, models: ['a', 'b'] }],
    ['expires_at', { ...within, expiresAtMs: null }],
    ['expires_at', { ...within, expiresAtMs: 5_001 }],
  ] as const)
    expect(mayMakeKey(limited, self, wish)).toEqual({ kind: 'beyond-own', what })
})

test('a key that ends before it begins is refused', () => {
  expect(mayMakeKey(maker('owner'), self, { ...noLimits, expiresAtMs: nowMs }).kind).toBe(
    'expiry-past',
  )
})

test('only a person without limits lets others in', () => {
  expect(isUnlimited(maker('owner'))).toBe(true)
  expect(isUnlimited(maker('owner', { scopes: ['api'] }))).toBe(false)
  expect(isUnlimited(maker('owner', { models: ['a'] }))).toBe(false)
  expect(isUnlimited(maker('owner', { expiresAtMs: 1 }))).toBe(false)
  expect(isUnlimited(maker('owner', { personId: null }))).toBe(false)
})

const roles = ['member', 'admin', 'owner'] as const

test('nobody gives or takes a role above their own, and members none', () => {
  const allowed: string[] = []
  for (const by of roles)
    for (const from of [null, ...roles])
      for (const to of [null, ...roles])
        if (mayChangeRole(by, { from, to, ownerCount: 2 }).kind === 'allowed')
          allowed.push(`${by}: ${from} → ${to}`)
  const byAdmin = allowed.filter((line) => line.startsWith('admin'))
  expect(allowed.filter((line) => line.startsWith('member'))).toEqual([])
  expect(byAdmin).toHaveLength(9)
  expect(byAdmin.join()).not.toContain('owner')
  expect(allowed.filter((line) => line.startsWith('owner'))).toHaveLength(16)
})

test('the last owner neither steps down nor goes', () => {
  for (const to of ['admin', 'member', null] as const)
    expect(mayChangeRole('owner', { from: 'owner', to, ownerCount: 1 }).kind).toBe('last-owner')
  expect(mayChangeRole('owner', { from: 'owner', to: 'owner', ownerCount: 1 }).kind).toBe('allowed')
  expect(mayChangeRole('owner', { from: 'admin', to: null, ownerCount: 1 }).kind).toBe('allowed')
})

test('a key is revoked by its holder, or by an admin as strong as it is', () => {
  const key = { subjectId: newId<'subject'>(), role: 'owner' } as const
  expect(mayRevokeKey(maker('member', { subjectId: key.subjectId }), key)).toBe('allowed')
  expect(mayRevokeKey(maker('member'), key)).toBe('invisible')
  expect(mayRevokeKey(maker('admin'), key)).toBe('role-too-weak')
  expect(mayRevokeKey(maker('owner'), key)).toBe('allowed')
})
