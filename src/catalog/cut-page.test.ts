import { expect, it } from 'vitest'
import { cutPage } from './cut-page.ts'

const items = ['a', 'c', 'e'].map((id) => ({ id }))
const cut = (limit: number, cursor?: string) =>
  cutPage(items, { limit, cursor }, ({ id }) => ({ id }))

it('cuts pages that lose and repeat nothing', () => {
  expect(cut(2)).toEqual({ data: [{ id: 'a' }, { id: 'c' }], next_cursor: 'c' })
  expect(cut(2, 'c')).toEqual({ data: [{ id: 'e' }], next_cursor: null })
  expect(cut(3).next_cursor).toBeNull()
})

it('goes on after an item that has gone', () => {
  expect(cut(9, 'b')).toMatchObject({ data: [{ id: 'c' }, { id: 'e' }] })
  expect(cut(9, 'z')).toEqual({ data: [], next_cursor: null })
})

it('shapes only what the page holds', () => {
  let count = 0
  cutPage(items, { limit: 1 }, ({ id }) => ({ id, count: count++ }))
  expect(count).toBe(1)
})
