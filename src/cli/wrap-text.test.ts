import { expect, test } from 'vitest'
import { widthOf } from './measure-width.ts'
import { wrapText } from './wrap-text.ts'

test('lines break between words and keep the text’s own ends', () => {
  expect(wrapText('the tide comes in\n\ntwice', 8)).toEqual(['the tide', 'comes in', '', 'twice'])
})

test('Chinese breaks between characters, which take two cells', () => {
  expect(wrapText('潮汐每天来两次', 8)).toEqual(['潮汐每天', '来两次'])
  expect(wrapText('see 潮汐 now', 8)).toEqual(['see 潮汐', 'now'])
})

test('no line is wider than asked for, whatever it holds', () => {
  const text = `${'x'.repeat(50)} 🙂🙂🙂🙂🙂 ${'潮'.repeat(20)} end`
  for (const width of [4, 7, 12])
    for (const line of wrapText(text, width)) expect(widthOf(line)).toBeLessThanOrEqual(width)
})

test('nothing is one empty line', () => {
  expect(wrapText('', 10)).toEqual([''])
})
