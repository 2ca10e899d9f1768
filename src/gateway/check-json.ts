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

/**
 * Whether the bytes are exactly one JSON value (RFC 8259) of at most `maxDepth` containers within
 * containers. Nothing is built and nothing recurses: parsing 32 MiB of `{},{},{},…` would take
 * seconds and more than a gigabyte. That the bytes are UTF-8 is for the caller to know.
 */
export function isJson(bytes: Buffer, maxDepth: number): boolean {
  return new JsonChecker(bytes, maxDepth).check()
}

class JsonChecker {
  readonly #bytes: Buffer
  readonly #maxDepth: number
  /** The opening byte of each container that is open, by its depth. */
  readonly #kinds: Uint8Array
  #at = 0
  #depth = 0

  constructor(bytes: Buffer, maxDepth: number) {
    this.#bytes = bytes
    this.#maxDepth = maxDepth
    this.#kinds = new Uint8Array(maxDepth + 1)
  }

  check(): boolean {
    this.#skipSpace()
    while (this.#takeValue()) {
      const next = this.#takeEnds()
      if (next !== 'value') return next === 'end'
    }
    return false
  }

  /** Takes a value up to its first scalar, or up to the close of its first empty container. */
  #takeValue(): boolean {
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return this.#takeScalar(byte)
      this.#depth += 1
      if (this.#depth > this.#maxDepth) return false
      this.#kinds[this.#depth] = byte
      this.#at += 1
      this.#skipSpace()
      if (this.#bytes[this.#at] === byte + TO_CLOSE) return true
      if (byte === OPEN_BRACE && !this.#takeKey()) return false
    }
  }

  /** Takes what may follow a value: closes, then a comma and what stands before the next value. */
  #takeEnds(): 'value' | 'end' | 'broken' {
    for (;;) {
      this.#skipSpace()
      if (this.#depth === 0) return this.#at === this.#bytes.length ? 'end' : 'broken'
      const kind = this.#kinds[this.#depth] ?? 0
      const byte = this.#bytes[this.#at]
      this.#at += 1
      if (byte === kind + TO_CLOSE) {
        this.#depth -= 1
        continue
      }
      if (byte !== COMMA) return 'broken'
      this.#skipSpace()
      return kind === OPEN_BRACE && !this.#takeKey() ? 'broken' : 'value'
    }
  }

  #takeKey(): boolean {
    if (this.#bytes[this.#at] !== QUOTE || !this.#takeString()) return false
    this.#skipSpace()
    if (this.#bytes[this.#at] !== COLON) return false
    this.#at += 1
    this.#skipSpace()
    return true
  }

  #takeScalar(first: number | undefined): boolean {
    if (first === QUOTE) return this.#takeString()
    if (first === MINUS || isDigit(first)) return this.#takeNumber()
    const word = WORDS.find((one) => one[0] === first)
    if (word === undefined) return false
    const end = this.#at + word.length
    if (
      this.#bytes.compare(word, 0, word.length, this.#at, Math.min(end, this.#bytes.length)) !== 0
    )
      return false
    this.#at = end
    return true
  }

  #takeString(): boolean {
    const bytes = this.#bytes
    let at = this.#at + 1
    for (;;) {
      const byte = bytes[at]
      if (byte === undefined || byte < 0x20) return false
      at += 1
      if (byte === QUOTE) break
      if (byte !== BACKSLASH) continue
      const lengthBytes = escapeLength(bytes, at)
      if (lengthBytes === 0) return false
      at += lengthBytes
    }
    this.#at = at
    return true
  }

  #takeNumber(): boolean {
    if (this.#bytes[this.#at] === MINUS) this.#at += 1
    if (this.#bytes[this.#at] === ZERO) this.#at += 1
    else if (!this.#takeDigits()) return false
    if (this.#bytes[this.#at] === POINT) {
      this.#at += 1
      if (!this.#takeDigits()) return false
    }
    const byte = this.#bytes[this.#at]
    if (byte !== 0x65 && byte !== 0x45) return true
    this.#at += 1
    const sign = this.#bytes[this.#at]
    if (sign === MINUS || sign === 0x2b) this.#at += 1
    return this.#takeDigits()
  }

  #takeDigits(): boolean {
    const from = this.#at
    while (isDigit(this.#bytes[this.#at])) this.#at += 1
    return this.#at > from
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at += 1
    }
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
