const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/**
 * Which host names a server answers to, against pages that point a name of theirs at this machine
 * (DNS rebinding). Null: any.
 *
 * Bound to loopback only loopback's names and the configured ones make sense. Bound to the
 * network, names are not known unless configured, and a page of another name has neither key nor
 * cookie of ours.
 */
export function allowedHosts(
  boundTo: string,
  configured: readonly string[],
  publicUrl: string | null = null,
): ReadonlySet<string> | null {
  // The public address alone limits nobody: probes and scrapers come by the machine's own.
  if (!isLoopback(boundTo) && configured.length === 0) return null
  const names = publicUrl === null ? configured : [...configured, new URL(publicUrl).host]
  return new Set([...loopbackNames, boundTo.toLowerCase(), ...names.map(withoutPort)])
}

/** Whether a `host` header names one of them, on whatever port. */
export function isAllowedHost(header: string | undefined, allowed: ReadonlySet<string> | null) {
  return allowed === null || (header !== undefined && allowed.has(withoutPort(header)))
}

export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
}

function withoutPort(host: string): string {
  return host.trim().toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}
