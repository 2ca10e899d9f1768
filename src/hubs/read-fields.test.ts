import { expect, it } from 'vitest'
import { readSha256, readSize, readWords } from './read-fields.ts'

it('reads a count of bytes where it is one', () => {
  expect([0, 7, -1, 1.5, 2 ** 60, '7', null, undefined].map(readSize)).toEqual([
    ...[0, 7, null, null, null, null, null, null],
  ])
})

it('reads a SHA-256 where it is one, in small letters', () => {
  expect(readSha256(`SHA256:${'AB'.repeat(32)}`)).toBe('ab'.repeat(32))
  expect(['', 'ab', 'x'.repeat(64), 7, undefined].map(readSha256)).toEqual(Array(5).fill(null))
})

it('reads words as the catalog keeps them', () => {
  expect(readWords(' \u001b[31mRED\u001b]0;x\u0007 \u202eevil\nmit ')).toBe('[31mRED ]0;x evil mit')
  expect(readWords('x'.repeat(300))).toHaveLength(200)
  expect(['', ' \u0000', 7, undefined].map(readWords)).toEqual([null, null, null, null])
})
