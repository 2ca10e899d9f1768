import { isJsonObject, type Json } from '../kernel/index.ts'
import type { TokenBuckets } from '../metering/index.ts'

/**
 * The disjoint token buckets of an OpenAI-dialect `usage` object, or null when it holds none.
 * There, cached and audio tokens are part of `prompt_tokens` and reasoning is part of
 * `completion_tokens`, so each is subtracted from its whole. Counts that are not whole numbers
 * from 0 up are taken as absent: a provider's nonsense must not reach the books.
 *
 * Source: research on provider conventions, docs/metering.md; the sum of the buckets is
 * `prompt_tokens + completion_tokens`, which a test holds.
 */
export function readUsage(usage: Json | undefined): TokenBuckets | null {
  if (!isJsonObject(usage)) return null
  const prompt = count(usage.prompt_tokens)
  const completion = count(usage.completion_tokens)
  if (prompt === null && completion === null) return null
  const promptDetails = isJsonObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
  const outputDetails = isJsonObject(usage.completion_tokens_details)
    ? usage.completion_tokens_details
    : {}
  // DeepSeek names its cache hits at the top level.
  const cached = count(promptDetails.cached_tokens) ?? count(usage.prompt_cache_hit_tokens) ?? 0
  const reasoning = count(outputDetails.reasoning_tokens) ?? 0
  const input = prompt ?? 0
  const output = completion ?? 0
  const cachedInput = Math.min(cached, input)
  const reasoningOutput = Math.min(reasoning, output)
  return {
    input: input - cachedInput,
    cachedInput,
    cacheWrite: 0,
    output: output - reasoningOutput,
    reasoning: reasoningOutput,
  }
}

function count(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/**
 * Tokens when the upstream reported none: about four bytes of English text to a token, which is
 * what the common byte-pair vocabularies give; delivered deltas where they are the larger count,
 * as most servers send one token a delta. Recorded as `estimated`, never as the truth.
 */
export function estimateUsage(delivered: {
  readonly requestBytes: number
  readonly answerTextBytes: number
  readonly deltaCount: number
}): TokenBuckets {
  return {
    input: Math.ceil(delivered.requestBytes / 4),
    cachedInput: 0,
    cacheWrite: 0,
    output: Math.max(delivered.deltaCount, Math.ceil(delivered.answerTextBytes / 4)),
    reasoning: 0,
  }
}
