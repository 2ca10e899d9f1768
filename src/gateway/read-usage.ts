import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts'
import type { TokenBuckets } from '../metering/index.ts'

/** No request has more tokens; sums of what is below stay exact. */
const LARGEST_COUNT = 1_000_000_000_000

/**
 * The disjoint token buckets of an OpenAI-dialect `usage` object, or null when it holds none.
 * There, cached and audio tokens are part of `prompt_tokens` and reasoning is part of
 * `completion_tokens`, so each is subtracted from its whole. Counts that are not whole numbers
 * from 0 to 10^12 are taken as absent: a provider's nonsense must not reach the books.
 *
 * Some servers (xAI, Gemini) leave reasoning out of `completion_tokens` and only `total_tokens`
 * has it. The sum of the buckets is the total either way; docs/metering.md has the conventions.
 */
export function readUsage(usage: Json | undefined): TokenBuckets | null {
  if (!isJsonObject(usage)) return null
  const prompt = count(usage.prompt_tokens)
  const completion = count(usage.completion_tokens)
  if (prompt === null && completion === null) return null
  const total = count(usage.total_tokens)
  const areAllKnown = prompt !== null && completion !== null && total !== null
  return {
    ...readInput(usage, prompt ?? 0),
    ...readOutput(usage, completion ?? 0, areAllKnown ? total - prompt - completion : 0),
  }
}

/** The side that a usage object leaves out while it has the other; null: both or neither. */
export function missingSide(usage: Json | undefined): 'input' | 'output' | null {
  if (!isJsonObject(usage)) return null
  const hasInput = count(usage.prompt_tokens) !== null
  const hasOutput = count(usage.completion_tokens) !== null
  if (hasInput === hasOutput) return null
  return hasInput ? 'output' : 'input'
}

function readInput(usage: JsonObject, input: number) {
  const details = isJsonObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
  // DeepSeek and Moonshot name their cache hits at the top level.
  const cached =
    count(details.cached_tokens) ??
    count(usage.prompt_cache_hit_tokens) ??
    count(usage.cached_tokens) ??
    0
  const cachedInput = Math.min(cached, input)
  const cacheWrite = Math.min(count(details.cache_write_tokens) ?? 0, input - cachedInput)
  return { input: input - cachedInput - cacheWrite, cachedInput, cacheWrite }
}

/** @param beyond tokens of the total that are in neither of its parts; 0 or less: none */
function readOutput(usage: JsonObject, output: number, beyond: number) {
  const field = usage.completion_tokens_details
  const told = count(isJsonObject(field) ? field.reasoning_tokens : undefined)
  if (beyond > 0 && (told === null || told === 0 || told === beyond)) {
    return { output, reasoning: beyond }
  }
  const reasoning = Math.min(told ?? 0, output)
  return { output: output - reasoning, reasoning }
}

function count(value: Json | undefined): number | null {
  if (typeof value !== 'number' || !Number.isInteger(value)) return null
  return value >= 0 && value <= LARGEST_COUNT ? value : null
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
