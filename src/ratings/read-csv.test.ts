import { describe, expect, it } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { readCsv } from './read-csv.ts'

function read(text: string): [number, readonly string[]][] {
  const records: [number, readonly string[]][] = []
  readCsv(text, { at: 0, line: 1 }, (cells, line) => records.push([line, cells]))
  return records
}

function codeOf(text: string): [string, unknown] {
  try {
    read(text)
  } catch (error) {
    if (error instanceof Refusal) return [error.code, error.details?.line]
    throw error
  }
  return ['none', 0]
}

describe('a CSV file', () => {
  it('is read cell by cell, whatever ends its lines', () => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(read(`a,b${end}c,${end}`)).toEqual([
        [1, ['a', 'b']],
        [2, ['c', '']],
      ])
    expect(read('a,b\nc,d')).toHaveLength(2)
  })

  it('may hold empty lines', () => {
    expect(read('a,b\n\n\r\nc,d\n')).toEqual([
      [1, ['a', 'b']],
      [4, ['c', 'd']],
    ])
  })

  it('has commas, quotes, line breaks and emoji in quoted cells', () => {
    expect(read('"a, ""b""","c\r\nd",🦙\n"",x,\n')).toEqual([
      [1, ['a, "b"', 'c\r\nd', '🦙']],
      [3, ['', 'x', '']],
    ])
  })

  it('is refused with the line where a quote is wrong', () => {
    expect(codeOf('a,b\nc,d"e"\n')).toEqual(['ratings_file_malformed', 2])
    expect(codeOf('a,b\nc,"d\ne\n')).toEqual(['ratings_file_malformed', 2])
    expect(codeOf('a,b\n"c" ,d\n')).toEqual(['ratings_file_malformed', 2])
  })

  it('holds nothing when it is empty', () => {
    expect(read('')).toEqual([])
  })
})
