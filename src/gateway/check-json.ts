import { type Member, readKey } from './scan-members.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
/** From an opening brace or bracket to the one that closes it. */
const TO_CLOSE = 2
const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word))
const ESCAPED = new Set([...Buffer.from('"\\/bfnrt')])
/** 1 for each byte that stands in a string as it is. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)
/** No number that means anything is longer, and one is read in one go. */
const LONGEST_NUMBER_BYTES = 65_536
/** Names of members of the outermost object that are kept; no request has so many. */
const MOST_NAMES = 1_000
/** Beyond every body, and still a small integer to the engine that runs this. */
const FAR = 0x3fff_ffff

/**
 * Whether the bytes are exactly one JSON value (RFC 8259) of at most `maxDepth` containers within
 * containers; a number may have 64 KiB. That the bytes are UTF-8 is for the caller to know.
 */
export function isJson(bytes: Buffer, maxDepth: number): boolean {
  return new JsonScan(bytes, { maxDepth, wanted: new Set() }).run() === 'end'
}

export type ScanState = 'more' | 'end' | 'broken' | 'too-deep' | 'too-many'

/** What may come next. */
type Phase = 'value' | 'first-value' | 'first-key' | 'key' | 'colon' | 'rest' | 'name' | 'text'

/**
 * Reads JSON once, from its first byte to its last: checks all of it, and finds wanted members of
 * the outermost object. Nothing is built and nothing recurses: parsing 32 MiB of `{},{},{},…`
 * would take seconds and more than a gigabyte. It can stop anywhere and go on later, so that a
 * large body need not hold up everybody else.
 */
export class JsonScan {
  readonly #bytes: Buffer
  readonly #maxDepth: number
  readonly #wanted: ReadonlySet<string>
  /** The opening byte of each container that is open, by its depth. */
  readonly #kinds: number[] = [0]
  /** The wanted members that are there; the first of each. */
  readonly members = new Map<string, Member>()
  /** Names of all members of the outermost object, but for those longer than 200 bytes. */
  readonly names = new Set<string>()
  /** A wanted key that is there twice; null when none is. */
  duplicate: string | null = null
  /** Offset of the outermost brace or bracket. */
  open = 0
  #phase: Phase = 'value'
  #at = 0
  #depth = 0
  #stopAt = 0
  #keyStart = 0
  #keyEnd = 0
  #valueStart = 0

  constructor(
    bytes: Buffer,
    options: { readonly maxDepth: number; readonly wanted: ReadonlySet<string> },
  ) {
    this.#bytes = bytes
    this.#maxDepth = options.maxDepth
    this.#wanted = options.wanted
  }

  /** Whether the outermost value is an object; known once the scan has ended. */
  get isObject(): boolean {
    return this.#bytes[this.open] === OPEN_BRACE
  }

  /** Goes on for about so many bytes. `more`: call it again; anything else is the outcome. */
  run(sizeBytes = FAR): ScanState {
    const { length } = this.#bytes
    const stopAt = this.#at + sizeBytes
    // Beyond the last byte nothing stops it but the grammar.
    this.#stopAt = stopAt >= length ? FAR : stopAt
    while (this.#at < this.#stopAt) {
      const state = this.#step()
      if (state !== 'more') return state
    }
    return 'more'
  }

  #step(): ScanState {
    const phase = this.#phase
    if (phase === 'text' || phase === 'name') return this.#takeString()
    this.#skipSpace()
    if (this.#at >= this.#stopAt) return 'more'
    const byte = this.#bytes[this.#at]
    switch (phase) {
      case 'rest':
        return this.#takeRest(byte)
      case 'colon':
        if (byte !== COLON) return 'broken'
        return this.#goOn('value')
      case 'key':
        return this.#beginKey(byte)
      case 'first-key':
        return byte === OPEN_BRACE + TO_CLOSE ? this.#close() : this.#beginKey(byte)
      case 'first-value':
        return byte === OPEN_BRACKET + TO_CLOSE ? this.#close() : this.#takeValue(byte)
      case 'value':
        return this.#takeValue(byte)
    }
  }

  #goOn(phase: Phase): 'more' {
    this.#at += 1
    this.#phase = phase
    return 'more'
  }

  #takeValue(byte: number | undefined): ScanState {
    if (this.#depth === 1) this.#valueStart = this.#at
    if (byte === QUOTE) return this.#goOn('text')
    if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return this.#takeScalar(byte)
    if (this.#depth === 0) this.open = this.#at
    this.#depth += 1
    if (this.#depth > this.#maxDepth) return 'too-deep'
    this.#kinds[this.#depth] = byte
    return this.#goOn(byte === OPEN_BRACE ? 'first-key' : 'first-value')
  }

  #beginKey(byte: number | undefined): ScanState {
    if (byte !== QUOTE) return 'broken'
    if (this.#depth === 1) this.#keyStart = this.#at
    return this.#goOn('name')
  }

  #close(): ScanState {
    this.#depth -= 1
    this.#at += 1
    return this.#endValue()
  }

  /** What may follow a value: a close, or a comma and what stands before the next value. */
  #takeRest(byte: number | undefined): ScanState {
    if (this.#depth === 0) return this.#at === this.#bytes.length ? 'end' : 'broken'
    const kind = this.#kinds[this.#depth] ?? 0
    if (byte === kind + TO_CLOSE) return this.#close()
    if (byte !== COMMA) return 'broken'
    return this.#goOn(kind === OPEN_BRACE ? 'key' : 'value')
  }

  #endValue(): ScanState {
    this.#phase = 'rest'
    if (this.#depth !== 1 || this.#kinds[1] !== OPEN_BRACE) return 'more'
    const key = readKey(this.#bytes, this.#keyStart, this.#keyEnd)
    this.names.add(key)
    if (this.names.size > MOST_NAMES) return 'too-many'
    if (!this.#wanted.has(key)) return 'more'
    if (this.members.has(key)) this.duplicate ??= key
    else {
      const valueEnd = this.#at
      this.members.set(key, { keyStart: this.#keyStart, valueStart: this.#valueStart, valueEnd })
    }
    return 'more'
  }

  #takeScalar(first: number | undefined): ScanState {
    if (first === MINUS || isDigit(first)) return this.#takeNumber() ? this.#endValue() : 'broken'
    const word = WORDS.find((one) => one[0] === first)
    if (word === undefined) return 'broken'
    const end = Math.min(this.#at + word.length, this.#bytes.length)
    if (this.#bytes.compare(word, 0, word.length, this.#at, end) !== 0) return 'broken'
    this.#at = end
    return this.#endValue()
  }

  /** Takes a string from inside it, up to its close or to where the scan is to stop. */
  #takeString(): ScanState {
    const bytes = this.#bytes
    const stopAt = Math.min(this.#stopAt, bytes.length)
    let at = this.#at
    for (;;) {
      while (at < stopAt && PLAIN[bytes[at] ?? 0] === 1) at += 1
      this.#at = at
      if (at >= stopAt) return at < bytes.length ? 'more' : 'broken'
      if (bytes[at] === QUOTE) break
      if (bytes[at] !== BACKSLASH) return 'broken'
      const lengthBytes = escapeLength(bytes, at + 1)
      if (lengthBytes === 0) return 'broken'
      at += 1 + lengthBytes
    }
    this.#at = at + 1
    if (this.#phase === 'text') return this.#endValue()
    if (this.#depth === 1) this.#keyEnd = this.#at
    this.#phase = 'colon'
    return 'more'
  }

  #takeNumber(): boolean {
    const from = this.#at
    if (this.#bytes[this.#at] === MINUS) this.#at += 1
    if (this.#bytes[this.#at] === ZERO) this.#at += 1
    else if (!this.#takeDigits(from)) return false
    if (this.#bytes[this.#at] === POINT) {
      this.#at += 1
      if (!this.#takeDigits(from)) return false
    }
    const byte = this.#bytes[this.#at]
    if (byte !== 0x65 && byte !== 0x45) return true
    this.#at += 1
    const sign = this.#bytes[this.#at]
    if (sign === MINUS || sign === 0x2b) this.#at += 1
    return this.#takeDigits(from)
  }

  /** One digit or more of a number that began at `from`. */
  #takeDigits(from: number): boolean {
    const first = this.#at
    const stopAt = from + LONGEST_NUMBER_BYTES
    while (this.#at < stopAt && isDigit(this.#bytes[this.#at])) this.#at += 1
    return this.#at > first && this.#at < stopAt
  }

  #skipSpace(): void {
    const stopAt = this.#stopAt
    let at = this.#at
    while (at < stopAt) {
      const byte = this.#bytes[at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      at += 1
    }
    this.#at = at
  }
}

/** Bytes of the escape after a backslash; 0: there is no such escape. */
function escapeLength(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte !== 0x75) return byte !== undefined && ESCAPED.has(byte) ? 1 : 0
  for (let digit = 1; digit <= 4; digit += 1) if (!isHexDigit(bytes[at + digit])) return 0
  return 5
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const small = byte | 0x20
  return isDigit(byte) || (small >= 0x61 && small <= 0x66)
}
