import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Credentials, readSessionCookie } from '../people/index.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * What a request shows for itself: a key (`authorization: Bearer …`, `x-api-key`), else the
 * browser's session. Null: nothing. A key sent wins, so that a wrong one is never hidden by a
 * session.
 */
export function readCredentials(headers: Headers): Credentials | null {
  const bearer = readBearer(headers)
  if (bearer !== null) return bearer
  const apiKey = headers['x-api-key']
  if (typeof apiKey === 'string' && apiKey !== '') return { kind: 'key', secret: apiKey.trim() }
  const token = readSessionCookie(headers.cookie as string | undefined)
  return token === null ? null : { kind: 'session', token }
}

/**
 * `readCredentials`, which gives the same object again where a connection shows the same bearer
 * again, as clients do: what was worked out of it need not be again.
 */
export function openCredentialsMemory(): (request: IncomingMessage) => Credentials | null {
  const shown = new WeakMap<Socket, { authorization: string | undefined; bearer: Credentials }>()
  return ({ socket, headers }) => {
    const { authorization } = headers
    const before = shown.get(socket)
    if (before !== undefined && before.authorization === authorization) return before.bearer
    const bearer = readBearer(headers)
    if (bearer === null) return readCredentials(headers)
    shown.set(socket, { authorization, bearer })
    return bearer
  }
}

function readBearer({ authorization }: Headers): Credentials | null {
  if (typeof authorization !== 'string') return null
  const secret = authorization.replace(/^bearer(\s+|$)/i, '').trim()
  return secret === '' ? null : { kind: 'key', secret }
}
