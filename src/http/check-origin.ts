/** The headers by which a browser says which page a request comes from. */
export interface OriginHeaders {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
}

/**
 * Whether a request that changes something with a session comes from a page of our own.
 * Browsers say so themselves (`sec-fetch-site`); over plain HTTP from another machine they only
 * name the origin, which must then be the host asked. Who says neither is no browser, and brings
 * a key instead.
 */
export function isOwnOrigin({ host, origin, secFetchSite }: OriginHeaders): boolean {
  if (secFetchSite !== undefined) return secFetchSite === 'same-origin'
  if (origin === undefined || host === undefined) return false
  return origin.replace(/^https?:\/\//, '').toLowerCase() === host.toLowerCase()
}
