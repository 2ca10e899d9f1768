import { expect, it } from 'vitest'
import { PriceFault } from './read-fields.ts'
import { MAX_FILE_BYTES, readYaml } from './read-yaml.ts'

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
  ['a: 1\na: 2\n', 'line 2: a stands twice.'],
  ['a:\n  - { b: 1, "b": 2 }\n', 'line 2: b stands twice.'],
  ['a: [1\nb: 2', 'line 2'],
  ['a: *none\n', 'x.yaml'],
])('refuses %j', (text, words) => {
  expect(() => readYaml({ name: 'x.yaml', text }, (value) => value)).toThrow(words)
})

it('takes files up to its bound, which is in bytes', () => {
  const read = (text: string) => () => readYaml({ name: 'x.yaml', text }, () => 'read')
  const most = `a: ${'x'.repeat(MAX_FILE_BYTES - 3)}`
  expect(read(most)()).toBe('read')
  for (const more of [`${most}x`, `a: ${'ä'.repeat(MAX_FILE_BYTES / 2)}`])
    expect(read(more)).toThrow('x.yaml is larger than 64 KiB: split it.')
})

it('reads many keys in time that grows with their number alone', () => {
  let text = ''
  for (let at = 0; text.length < MAX_FILE_BYTES - 20; at += 1) text += `${at.toString(36)}:\n`
  const parse = (times: number) => {
    const keys = text.slice(0, text.lastIndexOf('\n', text.length / times) + 1)
    const begun = performance.now()
    for (let at = 0; at < times; at += 1) readYaml({ name: 'x.yaml', text: keys }, () => null)
    return performance.now() - begun
  }
  parse(8)
  expect(parse(1)).toBeLessThan(4 * parse(8) + 50)
})

it('unfolds no aliases, which are made to fill memory', () => {
  const text = 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n'
  expect(() => readYaml({ name: 'x.yaml', text }, (value) => value)).toThrow(
    expect.objectContaining({ code: 'pricing_file_invalid' }),
  )
})
