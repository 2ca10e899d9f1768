import type { Counter } from './decide-waiting.ts'

const METRICS = ['requests', 'tokens'] as const
/** Composed once: an answer has six of them. */
const NAMES = { requests: namesOf('requests'), tokens: namesOf('tokens') }

function namesOf(metric: (typeof METRICS)[number]) {
  return {
    limit: `x-ratelimit-limit-${metric}`,
    remaining: `x-ratelimit-remaining-${metric}`,
    reset: `x-ratelimit-reset-${metric}`,
  }
}

/**
 * What is left of the limits of a caller, as clients of OpenAI read it: per metric, of the holder
 * who has least left. Places have no headers of their own.
 */
export function shapeHeaders(
  counters: readonly Counter[],
  { nowMs, windowMs }: { readonly nowMs: number; readonly windowMs: number },
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const metric of METRICS) {
    let tightest: Counter | null = null
    let least = 0
    for (const counter of counters) {
      if (counter.metric !== metric) continue
      const left = leftOf(counter, nowMs)
      if (tightest !== null && left >= least) continue
      tightest = counter
      least = left
    }
    if (tightest === null) continue
    const names = NAMES[metric]
    headers[names.limit] = String(tightest.facts.limit)
    headers[names.remaining] = String(least)
    headers[names.reset] = formatSpan(resetMs(tightest, nowMs, windowMs))
  }
  return headers
}

/** What is left as far as this process knows: what it has leased and what nobody had. */
function leftOf(counter: Counter, nowMs: number): number {
  return Math.max(0, counter.facts.left) + counter.free(nowMs)
}

/** Until all that counts now has lapsed. */
function resetMs({ facts }: Counter, nowMs: number, windowMs: number): number {
  const ownMs = facts.lastUseMs === null ? 0 : facts.lastUseMs + windowMs - nowMs
  return Math.max(0, ownMs, facts.resetAtMs - nowMs)
}

/** A span of time as OpenAI writes it: `250ms`, `1s`, `1.5s`, `6m0s`. */
export function formatSpan(ms: number): string {
  const whole = Math.ceil(ms)
  if (whole < 1_000) return `${whole}ms`
  const minutes = Math.floor(whole / 60_000)
  const seconds = (whole - minutes * 60_000) / 1_000
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`
}
