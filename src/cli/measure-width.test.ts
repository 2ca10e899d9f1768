import { expect, it } from 'vitest'
import { cut, pad, widthOf } from './measure-width.ts'

it.each([
  ['abc', 3],
  ['', 0],
  ['百模', 4],
  ['ｆｕｌｌ', 8],
  ['한국어', 6],
  ['é', 1],
  ['e\u0301', 1],
  ['🙂', 2],
  ['👩‍👩‍👧', 2],
  ['🇫🇷', 2],
  ['a\u200bb', 2],
  ['\u001b[31mred\u001b[39m', 3],
])('gives %j the cells that a terminal gives it', (text, cells) => {
  expect(widthOf(text)).toBe(cells)
})

it('fills to a width on either side, and leaves what is wider', () => {
  expect(pad('百', 4)).toBe('百  ')
  expect(pad('7', 3, 'right')).toBe('  7')
  expect(pad('long', 2)).toBe('long')
})

it('cuts between characters, never through a wide one', () => {
  expect(cut('abcdef', 4)).toBe('abc…')
  expect(cut('百模百模', 4)).toBe('百…')
  expect(cut('fits', 4)).toBe('fits')
})
