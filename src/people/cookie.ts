const NAME = 'baimo_session'

/** How long a session lives from its last use: the row in the database and the cookie alike. */
export const SESSION_MS = 30 * 24 * 60 * 60_000

/** The session token in a `cookie` header; null: it holds none. */
export function readSessionCookie(header: string | undefined): string | null {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === NAME) return pair.slice(at + 1).trim() || null
  }
  return null
}

/** A `set-cookie` that keeps a session token for the session's life where no script can read it. */
export function writeSessionCookie(token: string, options: { readonly isSecure: boolean }): string {
  return compose(token, { ...options, maxAgeSeconds: SESSION_MS / 1_000 })
}

/** A `set-cookie` that takes the token back. */
export function clearSessionCookie(options: { readonly isSecure: boolean }): string {
  return compose('', { ...options, maxAgeSeconds: 0 })
}

function compose(
  token: string,
  options: { readonly maxAgeSeconds: number; readonly isSecure: boolean },
): string {
  const parts = [
    `${NAME}=${token}`,
    'Path=/',
    `Max-Age=${options.maxAgeSeconds}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(options.isSecure ? ['Secure'] : []),
  ]
  return parts.join('; ')
}
