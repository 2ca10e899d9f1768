import type { ResponseHeaders } from '../providers/index.ts'
import { refuse } from './errors.ts'

const COMMON = { 'content-type': 'application/json', 'user-agent': 'baimo' }
const WHOLE = { ...COMMON, accept: 'application/json' }
const STREAM = { ...COMMON, accept: 'text/event-stream' }

/**
 * What a provider is sent of headers. A market signs each request in `via` (RFC 9110), as a listing
 * may be a market too, and refuses with `gateway_loop` what it has signed before.
 *
 * @param marketId its name for itself; undefined: nothing is signed
 */
export function upstreamHeadersOf(
  marketId: string | undefined,
): (via: string | undefined, isStream: boolean) => ResponseHeaders {
  if (marketId === undefined) return (_via, isStream) => (isStream ? STREAM : WHOLE)
  const signature = `baimo-${marketId}`
  const entry = `1.1 ${signature}`
  const signedWhole = { ...WHOLE, via: entry }
  const signedStream = { ...STREAM, via: entry }
  return (via, isStream) => {
    if (via === undefined) return isStream ? signedStream : signedWhole
    if (via.includes(signature)) {
      const message = 'This request comes from this market: a listing of it leads back here.'
      throw refuse('gateway_loop', message)
    }
    return { ...(isStream ? STREAM : WHOLE), via: `${via}, ${entry}` }
  }
}
