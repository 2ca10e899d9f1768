import type { Candidate, Step } from './types.ts'

const BASE_MS = 150
const CAP_MS = 2_000
/** Other listings that a request may go to even where none is asked again. */
const MOST_FALLBACKS = 2

/**
 * Attempts that a request may make, whatever is there to ask: the first, and as many more as the
 * larger of `retries` and, where there are others, two.
 *
 * @param retries those of the listing that its name led to
 */
export function mostAttempts(retries: number, hasOthers: boolean): number {
  return 1 + Math.max(retries, hasOthers ? MOST_FALLBACKS : 0)
}

/**
 * Where a request goes next. A healthy listing that it has not asked yet is asked at once; then
 * one that is busy and was not asked; then one that failed is asked again, after a wait, unless it
 * had all the `retries` of its own. Among equals the first. One that rests is not asked at all.
 *
 * @param candidates the listings that may answer, best first; before the first attempt too
 * @param at `attempts`: those so far. `most`: those allowed in all. `random`: from 0 up to 1, for
 *   the jitter
 */
export function decideNext(
  candidates: readonly Candidate[],
  at: {
    readonly attempts: number
    readonly most: number
    readonly nowMs: number
    readonly random: number
  },
): Step {
  if (at.attempts >= at.most) return { kind: 'stop' }
  let best = -1
  let bestRank = Number.POSITIVE_INFINITY
  for (const [index, candidate] of candidates.entries()) {
    const rank = rankOf(candidate)
    if (rank >= bestRank) continue
    best = index
    bestRank = rank
  }
  const chosen = candidates[best]
  if (chosen === undefined) return { kind: 'stop' }
  if (chosen.tries === 0) return { kind: 'send', index: best, waitMs: 0 }
  const wishedMs = Math.max(0, chosen.notBeforeMs - at.nowMs)
  const waitMs = Math.max(wishedMs, backoffMs(chosen.tries, at.random))
  return { kind: 'send', index: best, waitMs }
}

/** The smaller the sooner; infinite: not at all. */
function rankOf({ tries, retries, isSpent, standing }: Candidate): number {
  if (isSpent || tries > retries || standing === 'resting') return Number.POSITIVE_INFINITY
  if (tries > 0) return tries // its own word for when is in `notBeforeMs`
  // What is busy may answer all the same; what has just failed this request has failed it.
  return standing === 'healthy' ? 0 : 0.5
}

/**
 * Full jitter: anything from nothing to a bound that doubles with each try, so that those who
 * failed together do not come back together.
 */
export function backoffMs(tries: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS * 2 ** (tries - 1))
}
