import { expect, it } from 'vitest'
import { isUuid, newId } from '../kernel/index.ts'
import { firstIdOf } from './first-id-of.ts'

it('lies between the ids of the millisecond before and those of its own', () => {
  const beforeMs = Date.now()
  const id = newId<'request'>()
  expect(firstIdOf(beforeMs) <= id).toBe(true)
  expect(firstIdOf(Date.now() + 1) > id).toBe(true)
  expect(isUuid(firstIdOf(beforeMs))).toBe(true)
})

it('cuts times that no id can hold', () => {
  expect(firstIdOf(-1)).toBe('00000000-0000-7000-8000-000000000000')
  expect(firstIdOf(8.64e15)).toBe('ffffffff-ffff-7000-8000-000000000000')
})
