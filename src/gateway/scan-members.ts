import { type Json, parseJson } from '../kernel/index.ts'

/** Where one member of a JSON object stands in its bytes. Offsets from the first; ends exclude. */
export interface Member {
  readonly keyStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

export type MemberScan =
  | {
      readonly kind: 'object'
      /** The wanted keys that are there; the first of each. */
      readonly members: ReadonlyMap<string, Member>
      /** A wanted key that is there twice; null when none is. */
      readonly duplicate: string | null
      /** Offset of the opening brace. */
      readonly open: number
      readonly isEmpty: boolean
    }
  | { readonly kind: 'not-object' }
  | { readonly kind: 'too-deep' }
  | { readonly kind: 'broken' }

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
/** Longer keys than this cannot be ours, however they are escaped. */
const LONGEST_KEY_BYTES = 200

/**
 * Finds wanted members of a JSON object without parsing it, so that a body of any size can be
 * read for a few keys and changed in place with every other byte kept.
 *
 * It is a finder, not a validator: valid JSON is found right; of invalid JSON it may find
 * something or say `broken`. Keys are compared after their escapes are decoded, as every parser
 * will. Nothing recurses; time is linear in the bytes.
 *
 * @param bytes    UTF-8 JSON text
 * @param wanted   keys of the outermost object
 * @param maxDepth containers within containers allowed, the outermost counted as 1
 */
export function scanMembers(
  bytes: Buffer,
  wanted: ReadonlySet<string>,
  maxDepth: number,
): MemberScan {
  const open = skipSpace(bytes, 0)
  if (bytes[open] !== OPEN_BRACE) return { kind: 'not-object' }
  const members = new Map<string, Member>()
  let duplicate: string | null = null
  let at = skipSpace(bytes, open + 1)
  const isEmpty = bytes[at] === CLOSE_BRACE
  while (!isEmpty) {
    if (bytes[at] !== QUOTE) return { kind: 'broken' }
    const keyStart = at
    const keyEnd = skipString(bytes, at)
    at = skipSpace(bytes, keyEnd)
    if (keyEnd < 0 || bytes[at] !== COLON) return { kind: 'broken' }
    const valueStart = skipSpace(bytes, at + 1)
    const valueEnd = skipValue(bytes, valueStart, maxDepth - 1)
    if (valueEnd === TOO_DEEP) return { kind: 'too-deep' }
    if (valueEnd <= valueStart) return { kind: 'broken' }
    const key = readKey(bytes, keyStart, keyEnd)
    if (wanted.has(key)) {
      if (members.has(key)) duplicate ??= key
      else members.set(key, { keyStart, valueStart, valueEnd })
    }
    at = skipSpace(bytes, valueEnd)
    if (bytes[at] === CLOSE_BRACE) break
    if (bytes[at] !== COMMA) return { kind: 'broken' }
    at = skipSpace(bytes, at + 1)
  }
  return { kind: 'object', members, duplicate, open, isEmpty }
}

const TOO_DEEP = -2

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at += 1
  }
}

/** A member's value, parsed; null when there is no such member or it is no JSON. */
export function readMember(bytes: Buffer, member: Member | undefined): Json | null {
  if (member === undefined) return null
  return parseJson(bytes.toString('utf8', member.valueStart, member.valueEnd)) ?? null
}

/** Most strings are keys: up to so many bytes looking at each is quicker than a search. */
const SHORT_BYTES = 24

/** Offset after the closing quote of the string that opens at `from`; -1 when it never closes. */
export function skipString(bytes: Buffer, from: number): number {
  const stopAt = from + SHORT_BYTES
  let near = from + 1
  while (near < stopAt && bytes[near] !== QUOTE && bytes[near] !== BACKSLASH) near += 1
  if (bytes[near] === QUOTE) return near + 1
  let at = bytes.indexOf(QUOTE, near)
  while (at >= 0) {
    let backslashes = 0
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at + 1
    at = bytes.indexOf(QUOTE, at + 1)
  }
  return -1
}

/** Offset after the value at `from`; -1 when it is cut, TOO_DEEP when it nests too deep. */
function skipValue(bytes: Buffer, from: number, depthLeft: number): number {
  const first = bytes[from]
  if (first === QUOTE) return skipString(bytes, from)
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipLiteral(bytes, from)
  let depth = 0
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = skipString(bytes, at)
      if (at < 0) return -1
      continue
    }
    at += 1
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1
      if (depth > depthLeft) return TOO_DEEP
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 0) return at
    }
  }
  return -1
}

/** Offset after a number, `true`, `false` or `null`. */
function skipLiteral(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte === undefined || byte <= 0x20) return at
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) return at
    at += 1
  }
}

/** A key with its escapes decoded; empty when it is too long to be one of ours. */
export function readKey(bytes: Buffer, start: number, end: number): string {
  if (end - start > LONGEST_KEY_BYTES) return ''
  const text = bytes.toString('utf8', start + 1, end - 1)
  if (!text.includes('\\')) return text
  return decodeEscapes(text)
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(.))/g
const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function decodeEscapes(text: string): string {
  return text.replace(ESCAPE, (_all, hex: string | undefined, short: string | undefined) =>
    hex === undefined
      ? (SHORT[short ?? ''] ?? short ?? '')
      : String.fromCharCode(parseInt(hex, 16)),
  )
}
