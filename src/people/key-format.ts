// edge: talks to hashing (node:crypto) and checksums (node:zlib)
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const PREFIX = 'baimo_'
const RANDOM_CHARACTERS = 36
const CHECK_CHARACTERS = 6
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const KEY_LENGTH = PREFIX.length + RANDOM_CHARACTERS + CHECK_CHARACTERS
/** Bytes a caller of `composeKey` must bring: more than are used, so that none is biased. */
export const KEY_RANDOM_BYTES = 64

/**
 * A new key: `baimo_`, 36 random characters of base62 (214 bits), 6 of a CRC-32 over them.
 * The checksum lets a mistyped or invented key be refused without a look into the database;
 * it is no secret and protects nothing.
 *
 * @param random at least 64 random bytes; null when too few of them could be used (draw again)
 */
export function composeKey(random: Uint8Array): string | null {
  // 248 is the largest multiple of 62 in a byte: the bytes above it would favour some characters.
  const characters = [...random]
    .filter((byte) => byte < 248)
    .slice(0, RANDOM_CHARACTERS)
    .map((byte) => ALPHABET[byte % 62])
  if (characters.length < RANDOM_CHARACTERS) return null
  const body = PREFIX + characters.join('')
  return body + checkOf(body)
}

/** Whether text has the shape and the checksum of a key. Says nothing of whether it is one. */
export function isWellFormedKey(text: string): boolean {
  if (text.length !== KEY_LENGTH || !text.startsWith(PREFIX)) return false
  const body = text.slice(0, -CHECK_CHARACTERS)
  return text.endsWith(checkOf(body))
}

/** What is kept of a key to tell it from others: enough to recognise, too little to guess. */
export function prefixOfKey(secret: string): string {
  return secret.slice(0, PREFIX.length + 6)
}

/** SHA-256 in hexadecimal: how keys, session tokens and link tokens are stored. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex')
}

function checkOf(body: string): string {
  let rest = crc32(body)
  let check = ''
  for (let index = 0; index < CHECK_CHARACTERS; index++) {
    check = ALPHABET.charAt(rest % 62) + check
    rest = Math.floor(rest / 62)
  }
  return check
}
