import { isIP } from 'node:net'

/** Whether a URL leads to the machine it is read on: `localhost`, 127.0.0.0/8 or ::1. */
export function isOnThisMachine(baseUrl: string): boolean {
  const hostname = URL.parse(baseUrl)?.hostname.replace(/^\[|\]$/g, '') ?? ''
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  if (isIP(hostname) === 4) return hostname.startsWith('127.')
  return hostname === '::1'
}
