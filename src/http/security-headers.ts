/**
 * On every answer but the relay's, which no browser shows; a route that serves a page loosens the
 * policy to what the page needs.
 */
export const securityHeaders = {
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const
