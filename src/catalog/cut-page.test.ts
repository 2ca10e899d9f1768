import { expect, it } from 'vitest'
import { cutPage } from './cut-page.ts'

const items = ['a', 'c', 'e'].map((id) => ({ id }))

it('cuts pages that lose and repeat nothing', () => {
  expect(cutPage(items, { limit: 2 })).toEqual({
    data: [{ id: 'a' }, { id: 'c' }],
    next_cursor: 'c',
  })
  expect(cutPage(items, { limit: 2, cursor: 'c' })).toEqual({
    data: [{ id: 'e' }],
    next_cursor: null,
  })
  expect(cutPage(items, { limit: 3 }).next_cursor).toBeNull()
})

it('goes on after an item that has gone', () => {
  expect(cutPage(items, { limit: 9, cursor: 'b' })).toMatchObject({
    data: [{ id: 'c' }, { id: 'e' }],
  })
  expect(cutPage(items, { limit: 9, cursor: 'z' })).toEqual({ data: [], next_cursor: null })
})
