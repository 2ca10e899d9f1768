import { describe, expect, it } from 'vitest'
import { type SeededRandom, seededRandom } from '../../tests/support/seeded-random.ts'
import { parseJson } from '../kernel/index.ts'
import { isJson } from './check-json.ts'

function check(text: string): boolean {
  return isJson(Buffer.from(text), 100)
}

const GOOD = [
  ...['{}', '[]', ' {\n} ', '[\t]', '""', '0', '-0', 'true', 'false', 'null', '"a"', '[[],{}]'],
  ...['0.5', '-1.25e+10', '1E5', '1e-5', '10', '[1,2]', '{"a":1,"b":[{}]}', '{"":""}', '[null]'],
  ...['"\\u00e9\\ud800\\"\\\\\\/\\b\\f\\n\\r\\t"', '"é🙂\u2028\u007f"', '{ "a" : [ 1 , 2 ] }'],
]
const BAD = [
  ...['', ' ', '{', '}', '[', ']', '[}', '{]', '{"a"}', '{"a":}', '{"a":1,}', '{,}', '{1:1}'],
  ...['[1,]', '[,1]', '[1 2]', '{"a":1 "b":2}', '{"a" 1}', "{'a':1}", '[1}', '{"a":1]', '[[]'],
  ...['01', '-', '-a', '1.', '.5', '1e', '1e+', '+1', '0x1', '1.e5', 'NaN', 'Infinity', '--1'],
  ...['tru', 'truee', 'True', 'nul', 'nulll', 'undefined', 'falsey', '"', '"a', '"\\"', '"\\'],
  ...['"\\x"', '"\\u12"', '"\\u12g4"', '"\n"', '"\t"', '"\u0000"', '"\\\n"', '1 2', '{}{}', '[]x'],
  ...['\ufeff{}', '{}\u0000', '\u00a0{}', '/**/{}', '{"a":1}//', '[1]]', '{"a":"b"'],
]

describe('isJson', () => {
  it.each(GOOD)('takes %j', (text) => {
    expect(parseJson(text)).not.toBeUndefined()
    expect(check(text)).toBe(true)
  })

  it.each(BAD)('refuses %j', (text) => {
    expect(parseJson(text)).toBeUndefined()
    expect(check(text)).toBe(false)
  })

  it('agrees with JSON.parse on documents, whole and broken', () => {
    const random = seededRandom(99)
    let goodCount = 0
    for (let round = 0; round < 8_000; round += 1) {
      const text = breakUp(JSON.stringify(document(random, 4)) ?? '0', random)
      const isGood = parseJson(text) !== undefined
      if (isGood) goodCount += 1
      expect(check(text), text).toBe(isGood)
    }
    expect(goodCount).toBeGreaterThan(1_200)
    expect(goodCount).toBeLessThan(6_800)
  })

  it('counts containers within containers', () => {
    expect(isJson(Buffer.from('[[[]]]'), 3)).toBe(true)
    expect(isJson(Buffer.from('[[[]]]'), 2)).toBe(false)
    expect(isJson(Buffer.from('[{"a":[1]},{"b":[]}]'), 3)).toBe(true)
    expect(isJson(Buffer.from('['.repeat(1_000_000)), 100)).toBe(false)
  })

  it.each(['{},', '[],', '"",', '0,', '{"a":null},'])(
    'reads 8 MiB of %s without building anything',
    (unit) => {
      const bytes = Buffer.from(`[${unit.repeat(8_388_608 / unit.length)}0]`)
      const beforeBytes = process.memoryUsage().heapUsed
      const startedMs = performance.now()
      expect(isJson(bytes, 100)).toBe(true)
      expect(performance.now() - startedMs).toBeLessThan(3_000)
      expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(20_000_000)
    },
  )
})

function document(random: SeededRandom, depth: number): unknown {
  switch (random.below(depth > 0 ? 6 : 4)) {
    case 0:
      return random.pick([null, true, false])
    case 1:
      return (random.next() - 0.5) * 10 ** random.below(25)
    case 2:
      return random.pick(['', '"', '\\', '\u0001', 'é🙂', '[]{},:', 'null'])
    case 3:
      return random.below(100)
    case 4:
      return Array.from({ length: random.below(4) }, () => document(random, depth - 1))
    default:
      return { a: document(random, depth - 1), '"': document(random, depth - 1) }
  }
}

/** Nothing, or one piece put in, taken out or put in the place of another. */
function breakUp(text: string, random: SeededRandom): string {
  const at = random.below(text.length + 1)
  const piece = random.pick([
    ',',
    ':',
    '"',
    '\\',
    '[',
    ']',
    '{',
    '}',
    '0',
    '-',
    '.',
    'e',
    ' ',
    '\n',
  ])
  switch (random.below(4)) {
    case 0:
      return text
    case 1:
      return text.slice(0, at) + piece + text.slice(at)
    case 2:
      return text.slice(0, at) + text.slice(at + 1)
    default:
      return text.slice(0, at) + piece + text.slice(at + 1)
  }
}
