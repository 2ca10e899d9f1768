import type { Json } from '../kernel/index.ts'
import type { Operation, TokenBuckets, UsageSource } from '../metering/index.ts'
import { estimateUsage, missingSide, readUsage } from './read-usage.ts'

/** What a request consumed, and how that is known. */
export interface Counted {
  readonly tokens: TokenBuckets
  readonly source: UsageSource
  readonly upstreamId: string | null
}

/** What is known of the request that an answer belongs to. */
export interface Asked {
  readonly operation: Operation
  /** Bytes of the request that may be text; see `countTextBytes`. */
  readonly requestTextBytes: number
  /** The longest context of the listing in tokens; null: not known. */
  readonly contextTokens: number | null
}

/** What came of an answer. */
export interface Delivered {
  /** The `usage` object that the provider told; null or absent: none. */
  readonly usage?: Json | null | undefined
  readonly upstreamId?: string | null
  /** Pieces of text of a stream; 0 for a whole answer. */
  readonly deltaCount?: number
  readonly answerTextBytes?: number
}

/** A request that consumed nothing: it was never sent, or was refused. */
export const NOTHING_CONSUMED: Counted = {
  tokens: { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 },
  source: 'counted',
  upstreamId: null,
}

/**
 * Tokens by what the provider told. Where it told none they are estimated; where it told one side
 * alone the other side is, and the whole is `estimated`. Embeddings have no output to tell.
 */
export function countUsage(asked: Asked, delivered: Delivered): Counted {
  const upstreamId = delivered.upstreamId ?? null
  const reported = readUsage(delivered.usage ?? undefined)
  if (reported === null) {
    return { tokens: estimateAnswer(asked, delivered), source: 'estimated', upstreamId }
  }
  const missing = missingSide(delivered.usage ?? undefined)
  if (missing === 'input') {
    const { input } = estimateAnswer(asked, delivered)
    return { tokens: { ...reported, input }, source: 'estimated', upstreamId }
  }
  if (missing === 'output' && asked.operation !== 'embeddings') {
    const { output } = estimateAnswer(asked, delivered)
    return { tokens: { ...reported, output }, source: 'estimated', upstreamId }
  }
  return { tokens: reported, source: 'reported', upstreamId }
}

function estimateAnswer(asked: Asked, delivered: Delivered): TokenBuckets {
  const hasOutput = asked.operation !== 'embeddings'
  const estimate = estimateUsage({
    requestBytes: asked.requestTextBytes,
    answerTextBytes: hasOutput ? (delivered.answerTextBytes ?? 0) : 0,
    deltaCount: hasOutput ? (delivered.deltaCount ?? 0) : 0,
  })
  const input = Math.min(estimate.input, asked.contextTokens ?? estimate.input)
  return { ...estimate, input }
}

/** All tokens of a request: the buckets are disjoint. */
export function countTokens(tokens: TokenBuckets): number {
  const { input, cachedInput, cacheWrite, output, reasoning } = tokens
  return input + cachedInput + cacheWrite + output + reasoning
}

const DATA_URL = Buffer.from('"data:')
const DATA_URL_HEAD = /^"data:[^,"]*;base64,/
const LONGEST_HEAD_BYTES = 200
/** No request holds so many images; what would be more is counted as text. */
const MOST_DATA_URLS = 10_000

/** Bytes of a request without its base64 `data:` URLs: an image's bytes are not its tokens. */
export function countTextBytes(body: Buffer): number {
  let textBytes = body.length
  let at = body.indexOf(DATA_URL)
  for (let count = 0; at >= 0 && count < MOST_DATA_URLS; count += 1) {
    const head = DATA_URL_HEAD.exec(body.toString('latin1', at, at + LONGEST_HEAD_BYTES))
    // Base64 holds no quotes, so the next one ends it, escaped or not.
    const quote = body.indexOf(0x22, at + 1)
    const end = quote < 0 ? body.length : quote
    if (head !== null) textBytes -= end - at - 1
    at = body.indexOf(DATA_URL, end)
  }
  return textBytes
}
