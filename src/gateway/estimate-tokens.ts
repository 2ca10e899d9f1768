import type { Operation } from '../metering/index.ts'
import type { Envelope } from './read-envelope.ts'

/** Tokens of an answer whose length the request does not bound. */
const USUAL_OUTPUT = 1_024
/** Bytes of a token where text is dense: the estimate is to err upwards. */
const BYTES_A_TOKEN = 3

/**
 * Tokens that a request may take, for what is held of its caller's limits until the truth is known:
 * its bytes / 3, and for every answer (`n`) as many as it may have.
 *
 * @param contextTokens the longest context of its listing; null: unknown
 */
export function estimateTokens(
  envelope: Pick<Envelope, 'body' | 'maxTokens' | 'answerCount'>,
  operation: Operation,
  contextTokens: number | null,
): number {
  const input = Math.ceil(envelope.body.length / BYTES_A_TOKEN)
  if (operation === 'embeddings') return input
  const usual = Math.min(contextTokens ?? USUAL_OUTPUT, USUAL_OUTPUT)
  const total = input + (envelope.maxTokens ?? usual) * envelope.answerCount
  return Math.min(total, Number.MAX_SAFE_INTEGER)
}
