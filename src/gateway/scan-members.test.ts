import { describe, expect, it } from 'vitest'
import { type SeededRandom, seededRandom } from '../../tests/support/seeded-random.ts'
import { scanMembers } from './scan-members.ts'

const WANTED = new Set(['model', 'stream', 'usage', 'a"b', 'tab\t', 'é', ''])

function scan(text: string, maxDepth = 100) {
  return scanMembers(Buffer.from(text), WANTED, maxDepth)
}

/** The text of each member that was found, by key. */
function found(text: string): Record<string, string> {
  const result = scan(text)
  if (result.kind !== 'object') throw new Error(`${result.kind}: ${text}`)
  const bytes = Buffer.from(text)
  return Object.fromEntries(
    [...result.members].map(([key, { valueStart, valueEnd }]) => [
      key,
      bytes.toString('utf8', valueStart, valueEnd),
    ]),
  )
}

describe('scanMembers', () => {
  it('finds wanted members with the exact bytes of their values', () => {
    expect(found('{"model":"m","other":1,"stream":true}')).toEqual({ model: '"m"', stream: 'true' })
  })

  it('keeps to the outermost object', () => {
    const text = '{"x":{"model":"inner"},"y":[{"stream":1}],"model":"outer"}'
    expect(found(text)).toEqual({ model: '"outer"' })
  })

  it('is not led astray by quotes, braces and keys inside strings', () => {
    const text = String.raw`{"x":"\",\"model\":\"no\"}{[","model":"a\\","stream":"]}"}`
    expect(found(text)).toEqual({ model: String.raw`"a\\"`, stream: '"]}"' })
  })

  it('knows a key however it is escaped', () => {
    expect(found(String.raw`{"mod\u0065l":1,"\u0073\u0074ream":2,"a\"b":3,"tab\t":4}`)).toEqual({
      model: '1',
      stream: '2',
      'a"b': '3',
      'tab\t': '4',
    })
  })

  it('gives the key its own start, quote included', () => {
    const result = scan(' { "x":1 , "model" : 2 } ')
    expect(result.kind === 'object' && result.members.get('model')).toEqual({
      keyStart: 11,
      valueStart: 21,
      valueEnd: 22,
    })
  })

  it('names a wanted key that is there twice, escaped or not, and no other', () => {
    expect(scan(String.raw`{"model":1,"mod\u0065l":2}`)).toMatchObject({ duplicate: 'model' })
    expect(scan('{"x":1,"x":2,"model":3}')).toMatchObject({ duplicate: null })
    expect(scan('{"stream":1,"model":1,"model":2,"stream":2}')).toMatchObject({
      duplicate: 'model',
    })
  })

  it('tells an empty object, something else and an unfinished one apart', () => {
    expect(scan(' {\n} ')).toMatchObject({ kind: 'object', isEmpty: true, open: 1 })
    for (const text of ['', '  ', '[]', '"model"', 'null', '\ufeff{}']) {
      expect(scan(text), text).toEqual({ kind: 'not-object' })
    }
  })

  it.each([
    ['at the depth allowed', 4, 'object'],
    ['one deeper', 5, 'too-deep'],
  ])('counts containers within containers: %s', (_name, depth, kind) => {
    const inner = depth - 1
    expect(scan(`{"x":${'['.repeat(inner)}${']'.repeat(inner)}}`, 4).kind).toBe(kind)
    expect(scan(`{"x":${'{"y":'.repeat(inner - 1)}{}${'}'.repeat(inner - 1)}}`, 4).kind).toBe(kind)
  })

  it('answers a million opening brackets at once', () => {
    expect(scan(`{"x":${'['.repeat(1_000_000)}`)).toEqual({ kind: 'too-deep' })
  })

  it.each([
    '{',
    '{"',
    '{"model',
    '{"model"',
    '{"model":',
    '{"model":1',
    '{"model":1,',
    '{"model":"a',
  ])('calls %j broken', (text) => {
    expect(scan(text)).toEqual({ kind: 'broken' })
  })

  it('agrees with JSON.parse on random documents', () => {
    const random = seededRandom(20_261_125)
    for (let round = 0; round < 2_000; round += 1) {
      const members = randomMembers(random)
      const text = writeObject(members, random)
      const expected: Record<string, unknown> = {}
      for (const [key, value] of members) if (WANTED.has(key)) expected[key] = value
      const parsed = Object.fromEntries(
        Object.entries(found(text)).map(([key, value]) => [key, JSON.parse(value)]),
      )
      expect(parsed, text).toEqual(expected)
    }
  })

  it('ends on every broken input, and finds nothing beyond its bytes', () => {
    const random = seededRandom(7)
    for (let round = 0; round < 3_000; round += 1) {
      const bytes = Buffer.from(writeObject(randomMembers(random), random))
      for (let hits = random.below(4); hits >= 0; hits -= 1) {
        bytes[random.below(bytes.length)] = random.pick([0x22, 0x5c, 0x7b, 0x7d, 0x5d, 0, 0xff])
      }
      const cut = bytes.subarray(0, random.below(bytes.length + 1))
      const result = scanMembers(cut, WANTED, 100)
      if (result.kind !== 'object') continue
      for (const { valueEnd } of result.members.values()) {
        expect(valueEnd).toBeLessThanOrEqual(cut.length)
      }
    }
  })

  it('takes time in proportion to the bytes, even for backslashes', () => {
    const text = `{"x":"${'\\\\'.repeat(2_000_000)}","y":"${'\\"'.repeat(200_000)}","model":1}`
    const startedMs = performance.now()
    expect(found(text)).toEqual({ model: '1' })
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })
})

type Members = [string, unknown][]

/** Members with distinct keys, some of them wanted. */
function randomMembers(random: SeededRandom): Members {
  const keys = new Set<string>()
  for (let count = random.below(6); count >= 0; count -= 1) {
    keys.add(
      random.pick(['model', 'stream', 'usage', 'a"b', 'tab\t', 'é', '', 'x', 'models', '🙂']),
    )
  }
  return [...keys].map((key) => [key, randomValue(random, 3)])
}

function randomValue(random: SeededRandom, depth: number): unknown {
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
      return null
    case 1:
      return random.next() < 0.5
    case 2:
      return (random.next() - 0.5) * 10 ** random.below(20)
    case 3:
      return random.pick(['', '"', '\\', '\\"', '}{][', ',:', '"model":1', '\u0000\n', 'é🙂'])
    case 4:
      return random.below(1_000)
    case 5:
      return Array.from({ length: random.below(4) }, () => randomValue(random, depth - 1))
    default:
      return Object.fromEntries(
        ['model', 'y', '"'].map((key) => [key, randomValue(random, depth - 1)]),
      )
  }
}

/** JSON text with random space between tokens and some keys escaped letter by letter. */
function writeObject(members: Members, random: SeededRandom): string {
  const space = () => random.pick(['', '', ' ', '\n\t', '\r\n'])
  const written = members.map(([key, value]) => {
    const text = random.next() < 0.3 ? escapeAll(key) : JSON.stringify(key)
    const indent = random.next() < 0.2 ? 2 : undefined
    return `${space()}${text}${space()}:${space()}${JSON.stringify(value, null, indent)}${space()}`
  })
  return `${space()}{${written.join(',')}${space()}}${space()}`
}

function escapeAll(key: string): string {
  const units = Array.from({ length: key.length }, (_, at) => key.charCodeAt(at))
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`
}
