import { expect, test } from 'vitest'
import { keptEmail, shownEmail } from './email.ts'

test('an address is kept in lower case', () => {
  expect(keptEmail('A@Example.ORG', 'id')).toBe('a@example.org')
  expect(shownEmail('a@example.org')).toBe('a@example.org')
})

test('no address is kept as one of its own that is never shown', () => {
  expect(keptEmail(null, 'one')).not.toBe(keptEmail(null, 'two'))
  expect(shownEmail(keptEmail(null, 'one'))).toBeNull()
})
