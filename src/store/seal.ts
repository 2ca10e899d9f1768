// edge: talks to the source of randomness

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  type DecipherGCM,
  hkdfSync,
  randomBytes,
} from 'node:crypto'
import { refuse } from './errors.ts'

/** Where a sealed value stands. It opens there only: moved to another row, it is noise. */
export interface SealContext {
  readonly table: string
  readonly rowId: string
}

/** Secrets at rest: AES-256-GCM under the market's secret key. */
export interface Secrets {
  /** Text to store: `v1.<key id>.<nonce, ciphertext and tag in base64url>`. */
  seal(plain: string, context: SealContext): string
  /** The plain text. Refuses with `store_secret_unreadable`. */
  open(sealed: string, context: SealContext): string
  /** Names the secret key without telling it. */
  readonly keyId: string
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Secrets under a key of 32 bytes. */
export function secretsOf(masterKey: Buffer): Secrets {
  const deriveKey = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `baimo ${purpose}`, 32))
  const sealKey = deriveKey('secrets at rest')
  const keyId = createHash('sha256').update(deriveKey('key id')).digest('hex').slice(0, 12)
  const boundTo = (context: SealContext): Buffer =>
    Buffer.from(JSON.stringify([keyId, context.table, context.rowId]))
  return {
    keyId,
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(boundTo(context))
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      const all = Buffer.concat([nonce, text, cipher.getAuthTag()])
      return `v1.${keyId}.${all.toString('base64url')}`
    },
    open(sealed, context) {
      const [version, id, body] = sealed.split('.')
      if (version !== 'v1' || id !== keyId || body === undefined)
        throw unreadable(context, 'it was sealed with another key')
      return decipher(Buffer.from(body, 'base64url'), sealKey, boundTo(context)) ?? fail(context)
    },
  }
}

/** Undefined when the bytes are not what was sealed under this key in this place. */
function decipher(all: Buffer, key: Buffer, boundTo: Buffer): string | undefined {
  if (all.length < NONCE_BYTES + TAG_BYTES) return undefined
  const nonce = all.subarray(0, NONCE_BYTES)
  const cipher: DecipherGCM = createDecipheriv('aes-256-gcm', key, nonce, {
    authTagLength: TAG_BYTES,
  })
  cipher.setAAD(boundTo).setAuthTag(all.subarray(-TAG_BYTES))
  const text = cipher.update(all.subarray(NONCE_BYTES, -TAG_BYTES))
  try {
    return Buffer.concat([text, cipher.final()]).toString('utf8')
  } catch {
    return undefined // the tag does not fit: the caller refuses
  }
}

function fail(context: SealContext): never {
  throw unreadable(context, 'it was changed, or moved from another row')
}

function unreadable(context: SealContext, reason: string): Error {
  return refuse(
    'store_secret_unreadable',
    `A secret of ${context.table} cannot be opened: ${reason}. Enter it again.`,
  )
}
