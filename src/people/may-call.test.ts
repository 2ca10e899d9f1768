import { expect, test } from 'vitest'
import { principalWith } from '../../tests/support/principal.ts'
import { isAtLeast, mayCall, parseRole, weakerOf } from './may-call.ts'
import type { Access, Principal, Role } from './types.ts'

function caller(role: Role, change: Partial<Principal> = {}): Principal {
  return principalWith({ role, ...change })
}

const callers = {
  member: caller('member'),
  admin: caller('admin'),
  owner: caller('owner'),
  'house member': caller('member', { isHouse: true }),
  'house admin': caller('admin', { isHouse: true }),
  'house owner': caller('owner', { isHouse: true }),
  scraper: caller('member', { isHouse: true, via: 'scrape-token', scopes: ['metrics'] }),
}

/** Written out by hand: a table that was computed would only repeat the rule. */
const matrix: Readonly<Record<Access, readonly (keyof typeof callers)[]>> = {
  anyone: ['member', 'admin', 'owner', 'house member', 'house admin', 'house owner', 'scraper'],
  member: ['member', 'admin', 'owner', 'house member', 'house admin', 'house owner'],
  admin: ['admin', 'owner', 'house admin', 'house owner'],
  owner: ['owner', 'house owner'],
  operator: ['house admin', 'house owner'],
  'house-owner': ['house owner'],
  scraper: ['house owner', 'scraper'],
}

test.each(Object.entries(matrix))('%s lets in exactly whom it should', (access, allowed) => {
  const route = { access: access as Access, scope: null }
  const let_in = Object.entries(callers)
    .filter(([, who]) => mayCall(who, route).kind === 'allowed')
    .map(([name]) => name)
  expect(let_in).toEqual(allowed)
})

test('without a key only routes for anyone answer', () => {
  for (const access of Object.keys(matrix) as Access[])
    expect(mayCall(null, { access, scope: 'api' }).kind).toBe(
      access === 'anyone' ? 'allowed' : 'key-missing',
    )
})

test('a scope limits the key that has scopes, after the role', () => {
  const narrow = caller('member', { scopes: ['chat'] })
  expect(mayCall(narrow, { access: 'member', scope: 'chat' }).kind).toBe('allowed')
  expect(mayCall(narrow, { access: 'member', scope: 'api' })).toEqual({
    kind: 'scope-missing',
    scope: 'api',
  })
  expect(mayCall(narrow, { access: 'admin', scope: 'api' }).kind).toBe('role-too-weak')
  expect(mayCall(narrow, { access: 'anyone', scope: 'api' }).kind).toBe('allowed')
})

test('roles compare, and the weaker of two is found either way round', () => {
  expect(isAtLeast('admin', 'admin')).toBe(true)
  expect(isAtLeast('member', 'admin')).toBe(false)
  expect(weakerOf('owner', 'member')).toBe('member')
  expect(weakerOf('member', 'owner')).toBe('member')
})

test('kept roles are read as the strongest of them, and unknown ones as the weakest', () => {
  expect(parseRole('member,owner')).toBe('owner')
  expect(parseRole('admin, member')).toBe('admin')
  expect(parseRole('editor')).toBe('member')
  expect(parseRole('')).toBe('member')
})
