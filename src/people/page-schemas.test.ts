import { expect, it } from 'vitest'
import { z } from 'zod'
import { listAnswer, pageQueryOf } from './page-schemas.ts'

it('reads what is asked of a list, within its own limits', () => {
  const query = pageQueryOf({ usual: 50, most: 200 })
  expect(query.parse({})).toEqual({ limit: 50 })
  const cursor = '00000000-0000-7000-8000-000000000001'
  expect(query.parse({ cursor, limit: '200' })).toEqual({ cursor, limit: 200 })
  for (const asked of [{ limit: '0' }, { limit: '201' }, { limit: '1.5' }, { cursor: 'x' }])
    expect(query.safeParse(asked).success).toBe(false)
})

it('answers a page as its items and where the next one begins', () => {
  const answer = listAnswer(z.string())
  for (const next_cursor of ['a', null])
    expect(answer.safeParse({ data: ['a'], next_cursor }).success).toBe(true)
  expect(answer.safeParse({ data: ['a'] }).success).toBe(false)
})
