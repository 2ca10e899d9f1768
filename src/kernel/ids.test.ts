import { describe, expect, it } from 'vitest'
import { isUuid, newId } from './ids.ts'

describe('newId', () => {
  it('gives ids that are all different, in the order of the milliseconds of their making', () => {
    const ids = Array.from({ length: 1_000 }, () => newId<'request'>())
    expect(new Set(ids).size).toBe(1_000)
    const milliseconds = ids.map((id) => id.slice(0, 13))
    expect(milliseconds).toEqual(milliseconds.toSorted())
  })

  it('gives UUIDs of version 7', () => {
    const id = newId<'request'>()
    expect(isUuid(id)).toBe(true)
    expect(id[14]).toBe('7')
  })
})

describe('isUuid', () => {
  it('takes both cases and any version', () => {
    expect(isUuid('0199D2F0-1111-4222-8333-444455556666')).toBe(true)
  })

  it.each([
    '',
    'x',
    '0199d2f0-1111-4222-8333-44445555666',
    '{0199d2f0-1111-4222-8333-444455556666}',
  ])('refuses %j', (text) => {
    expect(isUuid(text)).toBe(false)
  })
})
