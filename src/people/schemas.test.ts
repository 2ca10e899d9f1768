import { expect, test } from 'vitest'
import { newId } from '../kernel/index.ts'
import {
  keyAnswer,
  newKey,
  newLink,
  newOrganisation,
  newPerson,
  pageQuery,
  pageWish,
  shapeKey,
  shapePage,
} from './schemas.ts'

test('a key is shown as its schema says', () => {
  const shown = shapeKey({
    id: newId(),
    name: 'laptop',
    prefix: 'baimo_abcdef',
    subjectId: newId(),
    personId: newId(),
    teamId: null,
    role: 'member',
    scopes: ['chat'],
    models: null,
    isOwnerKey: false,
    expiresAt: null,
    createdAt: new Date(0),
    revokedAt: null,
    madeBy: { keyId: newId(), subjectId: newId(), personId: null },
    home: null,
    lastUsedAt: new Date(1),
  })
  expect(keyAnswer.strict().parse(shown)).toEqual(shown)
})

test('a page says where the next one begins', () => {
  expect(shapePage({ items: [1, 2], nextCursor: 'x' }, (item) => item)).toEqual({
    data: [1, 2],
    next_cursor: 'x',
  })
  expect(pageWish(pageQuery.parse({}))).toEqual({ cursor: null, limit: 50 })
  expect(pageQuery.safeParse({ limit: '0' }).success).toBe(false)
})

test.each([
  [newKey, { name: ' ' }],
  [newKey, { name: 'a', scopes: [] }],
  [newKey, { name: 'a', scopes: ['everything'] }],
  [newKey, { name: 'a', scopes: ['all', 'chat'] }],
  [newKey, { name: 'a', expires_at: 'tomorrow' }],
  [newPerson, { name: 'a', email: 'nobody' }],
  [newPerson, { name: 'a', role: 'king' }],
  [newOrganisation, { name: 'a', slug: 'A B', owner: { name: 'b' } }],
  [newOrganisation, { name: 'a', owner: { name: 'b', role: 'member' } }],
  [newLink, { person_id: 'me' }],
])('what makes no sense is refused (%#)', (schema, value) => {
  expect(schema.safeParse(value).success).toBe(false)
})

test('a key ends in a year that its own answer can show', () => {
  const ends = (expires_at: string) => newKey.safeParse({ name: 'k', expires_at }).success
  expect(ends('9999-12-31T23:59:59Z')).toBe(true)
  expect(ends('9999-12-31T23:59:59-23:59')).toBe(false)
})
