import type { Refusal } from '../kernel/index.ts'
import type { Counter, Need } from './decide-waiting.ts'
import { refuse } from './errors.ts'
import { shapeHeaders } from './shape-headers.ts'
import type { HolderKind } from './types.ts'

interface Moment {
  readonly counters: readonly Counter[]
  readonly nowMs: number
  readonly windowMs: number
}

/** How long who waits for a place is told to wait: nobody knows when a request ends. */
const PLACE_RETRY_MS = 1_000

/** The refusal of a request that a limit does not let through now. */
export function refuseLacking({ counter, amount }: Need, moment: Moment): Refusal {
  const { facts, metric } = counter
  const headers = shapeHeaders(moment.counters, moment)
  if (metric === 'concurrent')
    return refuse(
      'limits_concurrency_exceeded',
      `${ofWhom(counter)}: ${facts.limit} ${facts.limit === 1 ? 'request runs' : 'requests run'} already, as many as may at a time. Ask again when one has ended.`,
      { ...whenAgain(PLACE_RETRY_MS, headers), details: detailsOf(counter) },
    )
  const retryMs = facts.retryMs(moment.nowMs) ?? PLACE_RETRY_MS
  const wanted = metric === 'tokens' ? `; this request reserves ${amount}` : ''
  return refuse(
    'limits_exceeded',
    `${ofWhom(counter)}: the limit of ${countOf(facts.limit, metric)} a minute is used up${wanted}. Ask again in ${seconds(retryMs)}.`,
    { ...whenAgain(retryMs, headers), details: detailsOf(counter) },
  )
}

function countOf(limit: number, metric: 'requests' | 'tokens'): string {
  return `${limit} ${limit === 1 ? metric.slice(0, -1) : metric}`
}

/** The refusal of a request that needs more than a whole minute's limit. */
export function refuseTooLarge({ counter, amount }: Need, moment: Moment): Refusal {
  return refuse(
    'limits_request_too_large',
    `${ofWhom(counter)}: this request reserves ${amount} tokens and the limit is ${counter.facts.limit} a minute. Send less, or lower max_tokens.`,
    { headers: shapeHeaders(moment.counters, moment), details: detailsOf(counter) },
  )
}

/** Nothing is admitted without being counted. */
export function refuseUnavailable(): Refusal {
  return refuse(
    'limits_unavailable',
    'Your limits cannot be looked up: the database does not answer. Try again in a moment.',
    whenAgain(2_000, {}),
  )
}

const whose: Readonly<Record<HolderKind, string>> = {
  key: 'This key',
  person: 'This person',
  team: 'This team',
  organisation: 'This organisation',
}

function ofWhom({ holder }: Counter): string {
  return whose[holder.kind]
}

function detailsOf({ holder, metric, facts }: Counter): Record<string, unknown> {
  return { holder_kind: holder.kind, metric, limit: facts.limit }
}

function whenAgain(retryMs: number, headers: Record<string, string>) {
  const ms = Math.max(1, Math.ceil(retryMs))
  return {
    retryAfterSeconds: Math.ceil(ms / 1_000),
    headers: { ...headers, 'retry-after-ms': String(ms) },
  }
}

function seconds(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 1_000))
  return whole === 1 ? 'a second' : `${whole} seconds`
}
