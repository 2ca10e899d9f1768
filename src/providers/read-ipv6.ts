import { isIPv4, isIPv6 } from 'node:net'

export interface ReadIpv6 {
  /** IPv4 addresses that the address stands for or holds. */
  readonly embedded: readonly string[]
  /** Whether it is nothing but an IPv4 address: mapped, or behind the well-known NAT64. */
  readonly isTranslated: boolean
}

/** What an IPv6 address (without a zone) holds of IPv4; null: it is none. */
export function readIpv6(address: string): ReadIpv6 | null {
  const groups = groupsOf(address)
  if (groups === null) return null
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups
  const last = ipv4Of(g, h)
  const isZero = (...some: readonly number[]): boolean => some.every((each) => each === 0)
  if (isZero(a, b, c, d, e) && f === 0xffff) return { embedded: [last], isTranslated: true }
  if (isZero(a, b, c, d) && e === 0xffff && f === 0) return inner(last) // translated, RFC 2765
  if (isZero(a, b, c, d, e, f) && (g > 0 || h > 1)) return inner(last) // compatible, RFC 4291
  if (a === 0x64 && b === 0xff9b && isZero(c, d, e, f)) {
    return { embedded: [last], isTranslated: true }
  }
  // A network's own NAT64 (RFC 8215): its prefix may be shorter, so where IPv4 begins is not known.
  if (a === 0x64 && b === 0xff9b && c === 1) return inner(last, ...shorterPrefixes([d, e, f, g]))
  if (a === 0x2002) return inner(ipv4Of(b, c))
  if (a === 0x2001 && b === 0) return inner(ipv4Of(c, d), ipv4Of(g ^ 0xffff, h ^ 0xffff)) // Teredo
  if ((e === 0 || e === 0x200) && f === 0x5efe) return inner(last) // ISATAP
  return { embedded: [], isTranslated: false }
}

/**
 * Where RFC 6052 puts IPv4 behind a prefix of 48, 56 or 64 bits, around the unused ninth byte. What
 * begins with 0 was put there by another length.
 */
function shorterPrefixes(groups: readonly number[]): string[] {
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]).toSpliced(2, 1)
  return [0, 1, 2].map((at) => bytes.slice(at, at + 4).join('.')).filter((ip) => !/^0\./.test(ip))
}

function inner(...embedded: readonly string[]): ReadIpv6 {
  return { embedded, isTranslated: false }
}

/** The eight groups of an address, also of one whose last part is written as IPv4. */
function groupsOf(address: string): number[] | null {
  if (!isIPv6(address)) return null
  const tail = address.slice(address.lastIndexOf(':') + 1)
  const text = isIPv4(tail) ? address.slice(0, -tail.length) + hexOf(tail) : address
  const [before = '', after] = text.split('::')
  const read = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [head, rest] = [read(before), read(after ?? '')]
  if (after === undefined) return head
  return [...head, ...Array<number>(8 - head.length - rest.length).fill(0), ...rest]
}

function hexOf(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}
