// edge: the client's side of one exchange.
import type { ServerResponse } from 'node:http'
import type { ResponseHeaders } from '../providers/index.ts'

/** Headers of an upstream's answer that are for the client too. All others stay behind. */
const PASSED = /^(retry-after(-ms)?|x-ratelimit-.*|openai-.*|x-baimo-(tools|schema))$/
/** These name the operator's own account at the provider. */
const KEPT = new Set(['openai-organization', 'openai-project'])
const LIMIT_PREFIX = 'x-ratelimit-'
/** What Node lets into a header. An upstream's bytes may hold more, which would end the request. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/

/**
 * The headers to send on, without content type and length, which are the relay's own. Where the
 * market's `own` (names and values in turn) tell of limits, those are the caller's, and the
 * provider's are left out.
 */
export function passedHeaders(
  headers: ResponseHeaders,
  own: readonly string[] = [],
): Record<string, string> {
  const passed: Record<string, string> = {}
  let hasOwnLimits: boolean | null = null
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || !PASSED.test(name) || KEPT.has(name)) continue
    if (name.startsWith(LIMIT_PREFIX)) {
      hasOwnLimits ??= own.some((text, at) => at % 2 === 0 && text.startsWith(LIMIT_PREFIX))
      if (hasOwnLimits) continue
    }
    const text = Array.isArray(value) ? value.join(', ') : value
    if (!UNSENDABLE.test(text)) passed[name] = text
  }
  return passed
}

/** The upstream's content type if it is one of `kind` and can be sent on, else `otherwise`. */
export function passedType(headers: ResponseHeaders, kind: string, otherwise: string): string {
  const type = firstValue(headers['content-type'])
  return type !== undefined && isOfType(headers, kind) && !UNSENDABLE.test(type) ? type : otherwise
}

/** Whether the upstream's content type names `kind`, such as `json`. */
export function isOfType(headers: ResponseHeaders, kind: string): boolean {
  return (firstValue(headers['content-type']) ?? '').toLowerCase().includes(kind)
}

/** Calls `gone` once if the connection closes before the answer was written out. */
export function onClientGone(response: ServerResponse, gone: () => void): void {
  // It closes once: `once` would cost a function more.
  response.on('close', () => {
    if (!response.writableFinished) gone()
  })
}

/** The first value of a header that may be given several times. */
export function firstValue(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
