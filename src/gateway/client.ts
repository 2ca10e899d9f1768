// edge: the client's side of one exchange.
import type { ServerResponse } from 'node:http'
import type { ResponseHeaders } from '../providers/index.ts'

/** Headers of an upstream's answer that are for the client too. All others stay behind. */
const PASSED = /^(retry-after(-ms)?|x-ratelimit-.*|openai-.*|x-baimo-tools)$/

/** The headers to send on, without content type and length, which are the relay's own. */
export function passedHeaders(headers: ResponseHeaders): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !PASSED.test(name)) continue
    passed[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return passed
}

/** Calls `gone` once if the connection closes before the answer was written out. */
export function onClientGone(response: ServerResponse, gone: () => void): void {
  response.once('close', () => {
    if (!response.writableFinished) gone()
  })
}

/** The first value of a header that may be given several times. */
export function firstValue(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
