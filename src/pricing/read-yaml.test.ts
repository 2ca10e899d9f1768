import { expect, it } from 'vitest'
import { PriceFault } from './read-terms.ts'
import { readYaml } from './read-yaml.ts'

it('gives every scalar as the text that stands there', () => {
  const text = 'a: 0.10\nb: [1e3, yes, null, 2026-01-01]\n'
  expect(readYaml({ name: 'x', text }, (value) => value)).toEqual({
    a: '0.10',
    b: ['1e3', 'yes', 'null', '2026-01-01'],
  })
})

it('names the line of what is wrong: the innermost part of its path that is there', () => {
  const text = 'a:\n  b:\n    - c: 1\n    - c: 2\n'
  const fail = (path: (string | number)[]) => () =>
    readYaml({ name: 'x.yaml', text }, () => {
      throw new PriceFault(path, 'wrong')
    })
  expect(fail(['a', 'b', 1, 'c'])).toThrow('x.yaml, line 4 (a › b › 1 › c): wrong.')
  expect(fail(['a', 'b', 0, 'missing'])).toThrow('x.yaml, line 3')
  expect(fail([])).toThrow('x.yaml, line 1: wrong.')
})

it.each([
  ['a: 1\na: 2\n', 'line 2: Map keys must be unique.'],
  ['a: [1\nb: 2', 'line 2'],
  ['a: *none\n', 'x.yaml'],
])('refuses %j', (text, words) => {
  expect(() => readYaml({ name: 'x.yaml', text }, (value) => value)).toThrow(words)
})

it('unfolds no aliases, which are made to fill memory', () => {
  const text = 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n'
  expect(() => readYaml({ name: 'x.yaml', text }, (value) => value)).toThrow(
    expect.objectContaining({ code: 'pricing_file_invalid' }),
  )
})
