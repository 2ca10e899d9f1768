import type { SeededRandom } from '../seeded-random.ts'

/** Text that stands in JSON as it is written here, whatever JSON thinks of it. Latin-1 bytes. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const long = (unit: string) => (count: number) => unit.repeat(count)
const lengths = [64, 65, 100, 101, 128, 200, 201, 254, 255, 256, 400, 401, 1_001, 4_097, 70_000]

export const nastyStrings: readonly [string, ...string[]] = [
  ...(['', ' ', '\0', 'a\0b', '\ud800', '\udc00\ud800', 'x\udfff', '🙂', '\u202eevil'] as const),
  ...['\ufeff', '\u2028', '\n', '\r\nset-cookie: a=b', '\t', '\x7f', '\x85', '\x1b[31m', '\b'],
  ...["'; drop table people; --", '" or 1=1', '\\', '\\u0000', '%', '%00', '%zz', '%s%n', '$1'],
  ...['../../etc/passwd', '/etc/passwd', '//evil', 'C:\\con', 'file:///etc/passwd', '.', '..'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then'],
  ...['null', 'undefined', 'true', 'NaN', '-1', '1e999', '0x10', '[]', '{}', '[object Object]'],
  ...['İstanbul', 'ﷺ', 'z͑͗ͥ̓̚a', '👩‍👩‍👧‍👦', '\u00a0', '\u200b', '가', '百模', 'A\u030a', 'ß'],
  ...['<script>alert(1)</script>', '*', '/', 'a/b/c/d', 'baimo/', '/baimo', ':id', '?', '#', '@'],
  ...lengths.map(long('a')),
  ...[100, 255, 4_096].flatMap((count) => [long('é')(count), long('🙂')(count), long(' ')(count)]),
]

export const nastyIds: readonly [string, ...string[]] = [
  ...(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'] as const),
  ...['0190A0B0-0000-7000-8000-000000000001', '{0190a0b0-0000-7000-8000-000000000001}'],
  ...['0190a0b000007000800000000000000g', 'urn:uuid:0190a0b0-0000-7000-8000-000000000001'],
  ...['0190a0b0-0000-7000-8000-00000000000', '0190a0b0-0000-7000-8000-0000000000011', '1', '0'],
  ...['0190a0b0-0000-0000-0000-000000000001', '0190a0b0-0000-7000-8000-000000000001 ', 'self'],
]

export const nastyTimes: readonly [string, ...string[]] = [
  ...(['2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'] as const),
  ...['2026-11-25T00:00:00+99:99', '+275760-09-13T00:00:01Z', '-000001-01-01T00:00:00Z'],
  ...['2026-11-25', '2026-11-25T24:00:00Z', '2026-11-25T23:59:60Z', 'now', 'infinity', '0', ''],
  ...['2026-11-25T00:00:00', '2026-11-25 00:00:00Z', '1970-01-01T00:00:00-23:59', '2026-W48'],
  ...['0001-01-01T00:00:00+14:00', '0000-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59'],
]

const numbers = [
  ...[0, -0, -1, 1, 1.5, 0.1, 1e308, -1e308, 5e-324, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e21],
  ...[100, 101, 200, 201, 1_000, 1_001, 32_767, 32_768, 65_536, 99_999_999_999],
]
const rawNumbers = ['1e999', '-1e999', '9223372036854775808', '-0.0', '1E+5', `1${'0'.repeat(400)}`]
const brokenJson = [
  ...['', '01', '-', '.5', '1.', 'NaN', '-Infinity', '0x10', "'a'", 'undefined', 'tru', '"', '"\\'],
  ...[
    '"\\x41"',
    '"\\ud8"',
    '"\n"',
    '"\u0000"',
    '"\xc0\xaf"',
    '"\xed\xa0\x80"',
    '"\xff"',
    '"\xf4\x90',
  ],
  ...['[', ']', '{', '}', '[1,]', '{"a":1,}', '{"a"}', '/* */1', '[1 2]', '\xef\xbb\xbf1', '1//'],
  ...['{"__proto__":{"isHouse":true}}', '{"constructor":{"prototype":{"a":1}}}'],
  ...['{"a":1,"a":2}', '"\\u0000"', '"\\ud800"', '"\\udc00x"', '"a\\u0000b"', '"\xc3"'],
]

/** Any value a field does not want: of another type, out of bounds, or no JSON at all. */
export function nastyValue(random: SeededRandom): unknown {
  switch (random.below(12)) {
    case 0:
      return null
    case 1:
      return random.next() < 0.5
    case 2:
      return numbers[random.below(numbers.length)]
    case 3:
      return new RawJson(rawNumbers[random.below(rawNumbers.length)] ?? '0')
    case 4:
      return new RawJson(brokenJson[random.below(brokenJson.length)] ?? '0')
    case 5:
      return nastyList(random)
    case 6:
      return { [random.pick(nastyStrings)]: random.pick(nastyStrings) }
    case 7:
      return deep(random)
    case 8:
      return random.pick(nastyIds)
    case 9:
      return random.pick(nastyTimes)
    default:
      return random.pick(nastyStrings)
  }
}

function nastyList(random: SeededRandom): unknown {
  const count = random.pick([0, 1, 2, 8, 201, 501, 2_000])
  if (count > 10) return new RawJson(`[${'"a",'.repeat(count)}null]`)
  return Array.from({ length: count }, () => random.pick(nastyStrings))
}

function deep(random: SeededRandom): RawJson {
  const depth = random.pick([50, 99, 101, 1_000, 20_000])
  const isList = random.next() < 0.5
  const isClosed = random.next() < 0.7
  const [open, close] = isList ? ['[', ']'] : ['{"a":', '}']
  return new RawJson(`${open.repeat(depth)}1${isClosed ? close.repeat(depth) : ''}`)
}
