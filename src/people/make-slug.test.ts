import { expect, test } from 'vitest'
import { makeSlug } from './make-slug.ts'

test('names become small letters, digits and single hyphens', () => {
  expect(makeSlug('Café  du Nord!')).toBe('cafe-du-nord')
  expect(makeSlug('--A--')).toBe('a')
  expect(makeSlug('x'.repeat(100))).toHaveLength(48)
})

test('a name without latin letters still gets one', () => {
  expect(makeSlug('百模')).toBe('organisation')
  expect(makeSlug('百模', '01a2134f-7fc6-7f2f-86ca-6eb0067117d3')).toBe('organisation-067117d3')
})
