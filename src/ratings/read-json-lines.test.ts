import { expect, test } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { readJsonLines } from './read-json-lines.ts'

function read(text: string): [readonly string[], number][] {
  const records: [readonly string[], number][] = []
  readJsonLines(text, { at: 0, line: 1 }, (cells, line) => records.push([cells, line]))
  return records
}

test('objects are read as a head and rows, by the members that mean something', () => {
  expect(read('{"x":1,"winner":"tie","model_a":"m"}\n\n{"model_a":7,"winner":"b"}')).toEqual([
    [['model_a', 'winner'], 1],
    [['m', 'tie'], 1],
    [['7', 'b'], 3],
  ])
})

test('a line that is no object, or has other members, is refused', () => {
  for (const text of [
    '[1]',
    '{"model_a":"m"',
    '{"model_a":{}}',
    '{"model_a":"m"}\n{"model_b":"m"}',
  ])
    expect(() => read(text)).toThrow(Refusal)
})
