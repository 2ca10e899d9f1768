import { type Credentials, readSessionCookie } from '../people/index.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * What a request shows for itself: a key (`authorization: Bearer …`, `x-api-key`), else the
 * browser's session. Null: nothing. A key sent wins, so that a wrong one is never hidden by a
 * session.
 */
export function readCredentials(headers: Headers): Credentials | null {
  const { authorization } = headers
  if (typeof authorization === 'string') {
    const secret = authorization.replace(/^bearer(\s+|$)/i, '').trim()
    if (secret !== '') return { kind: 'key', secret }
  }
  const apiKey = headers['x-api-key']
  if (typeof apiKey === 'string' && apiKey !== '') return { kind: 'key', secret: apiKey.trim() }
  const token = readSessionCookie(headers.cookie as string | undefined)
  return token === null ? null : { kind: 'session', token }
}
