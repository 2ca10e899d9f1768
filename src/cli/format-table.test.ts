import { expect, it } from 'vitest'
import { formatTable } from './format-table.ts'

const plain = { columns: null, styleHead: (text: string) => text }

it('aligns columns by cells, numbers to the right', () => {
  const table = formatTable(
    [{ title: 'NAME' }, { title: 'SIZE', side: 'right' }],
    [
      ['百模', '7'],
      ['abacus', '1234567'],
    ],
    plain,
  )
  expect(table).toBe('NAME       SIZE\n百模          7\nabacus  1234567\n')
})

it('cuts the widest column that may be cut until a line fits', () => {
  const table = formatTable(
    [{ title: 'ID', isWhole: true }, { title: 'TEXT' }],
    [['0123456789', 'a sentence that is much too long']],
    { ...plain, columns: 24 },
  )
  expect(table).toBe('ID          TEXT\n0123456789  a sentence…\n')
})

it('tells each row in lines of its own where a line has no room for all', () => {
  const table = formatTable(
    [{ title: 'ID', isWhole: true }, { title: 'TEXT' }, { title: 'MORE', isWhole: true }],
    [
      ['0123456789', 'a sentence that is long', ''],
      ['1', 'b', 'c'],
    ],
    { ...plain, columns: 18 },
  )
  expect(table).toBe(
    'ID    0123456789\nTEXT  a sentence that is long\n\nID    1\nTEXT  b\nMORE  c\n',
  )
})

it('never cuts what is copied into the next command, whatever the width', () => {
  const table = formatTable([{ title: 'ID', isWhole: true }], [['0123456789']], {
    ...plain,
    columns: 4,
  })
  expect(table).toContain('0123456789')
})

it('is empty without rows', () => {
  expect(formatTable([{ title: 'ID' }], [], plain)).toBe('')
})
