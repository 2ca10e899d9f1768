import { expect, test } from 'vitest'
import { columnHeads, openColumns } from './column-rows.ts'
import { widthOf } from './measure-width.ts'

test('rows are given once, when both sides of them are whole', () => {
  const columns = openColumns(19)
  expect(columns.next('the tide', 'the', false)).toEqual([])
  expect(columns.next('the tide comes', 'the tide comes i', false)).toEqual(['the tide │ the tide'])
  expect(columns.next('the tide comes', 'the tide comes in', true)).toEqual(['comes    │ comes in'])
})

test('what is longer on one side stands alone, and columns stay in line', () => {
  const rows = openColumns(19).next('潮汐每天来两次', 'a', true)
  expect(rows).toEqual(['潮汐每天 │ a', '来两次   │ '])
  expect(rows.map((row) => widthOf(row.split('│')[0] ?? ''))).toEqual([9, 9])
  expect(columnHeads(19, 'A', 'B')).toBe('A        │ B')
})
