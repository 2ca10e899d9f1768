const NAME = 'baimo_session'

/** The session token in a `cookie` header; null: it holds none. */
export function readSessionCookie(header: string | undefined): string | null {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === NAME) return pair.slice(at + 1).trim() || null
  }
  return null
}

/** A `set-cookie` that keeps a session token where no script can read it. */
export function writeSessionCookie(
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
