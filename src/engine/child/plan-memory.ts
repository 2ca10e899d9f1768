/** What a model needs and gets before it is loaded. */
export interface MemoryPlan {
  readonly contextTokens: number
  readonly sequences: number
  /** Bytes of weights, caches and working buffers together: an estimate, rounded up. */
  readonly bytes: number
}

export interface MemoryNeed {
  readonly weightBytes: number
  /** Cache of one token in one sequence; null: not derivable, taken as `FALLBACK_CACHE_BYTES`. */
  readonly cacheBytesPerToken: number | null
  /** Tokens the model was trained for; null: unknown, taken as `FALLBACK_CONTEXT_TOKENS`. */
  readonly trainedTokens: number | null
}

export interface MemoryBounds {
  readonly memoryBytes: number
  readonly sequences: number
  readonly contextTokens: number
}

const BUFFER_BYTES = 33_554_432
const BUFFER_SHARE = 0.05
const FALLBACK_CACHE_BYTES = 131_072
const FALLBACK_CONTEXT_TOKENS = 4_096
const MIN_CONTEXT_TOKENS = 512
const CACHE_SHARE = 4

const bytesFor = (need: MemoryNeed, contextTokens: number, sequences: number): number => {
  const perToken = need.cacheBytesPerToken ?? FALLBACK_CACHE_BYTES
  const caches = perToken * contextTokens * (sequences + 1) // one more, for embeddings
  return Math.ceil(need.weightBytes * (1 + BUFFER_SHARE) + BUFFER_BYTES + caches)
}

/** The most context and then the most sequences that fit `memoryBytes`. */
function planWithin(
  need: MemoryNeed,
  bounds: MemoryBounds,
  memoryBytes: number,
): MemoryPlan | undefined {
  const trained = need.trainedTokens ?? FALLBACK_CONTEXT_TOKENS
  let contextTokens = Math.min(trained, bounds.contextTokens)
  let { sequences } = bounds
  for (;;) {
    const bytes = bytesFor(need, contextTokens, sequences)
    if (bytes <= memoryBytes) return { contextTokens, sequences, bytes }
    if (sequences > 1) sequences--
    else if (contextTokens >= 2 * MIN_CONTEXT_TOKENS) contextTokens = Math.floor(contextTokens / 2)
    else return undefined
  }
}

/**
 * How to load a model within the bounds. Sequences are given up first, down to one, then the
 * context is halved, down to 512 tokens. Caches take a quarter of the memory, so that other models
 * find room, and more only where the context would be less than 4,096 tokens otherwise.
 * Undefined: it does not fit.
 */
export function planMemory(need: MemoryNeed, bounds: MemoryBounds): MemoryPlan | undefined {
  const weights = bytesFor({ ...need, cacheBytesPerToken: 0 }, 0, 0)
  const modestBytes = Math.min(bounds.memoryBytes, weights + bounds.memoryBytes / CACHE_SHARE)
  const modest = planWithin(need, bounds, modestBytes)
  const enough = Math.min(
    need.trainedTokens ?? FALLBACK_CONTEXT_TOKENS,
    bounds.contextTokens,
    FALLBACK_CONTEXT_TOKENS,
  )
  if (modest !== undefined && modest.contextTokens >= enough) return modest
  return planWithin(need, bounds, bounds.memoryBytes)
}

/** The least bytes the model could be loaded with, for the refusal's words. */
export const leastBytes = (need: MemoryNeed): number => bytesFor(need, MIN_CONTEXT_TOKENS, 1)
