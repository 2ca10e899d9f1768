import type { Operation } from '../metering/index.ts'
import { MAX_DEPTH } from './read-envelope.ts'
import { readMember, scanMembers } from './scan-members.ts'

const WANTED = new Set(['max_tokens', 'max_completion_tokens', 'n'])
/** Tokens of an answer whose length the request does not bound. */
const USUAL_OUTPUT = 1_024
/** Bytes of a token where text is dense: the estimate is to err upwards. */
const BYTES_A_TOKEN = 3

/**
 * Tokens that a request may take, for what is held of its caller's limits until the truth is known:
 * its bytes / 3, and for every answer (`n`) as many as it may have.
 *
 * @param body a valid request
 * @param contextTokens the longest context of its listing; null: unknown
 */
export function estimateTokens(
  body: Buffer,
  operation: Operation,
  contextTokens: number | null,
): number {
  const input = Math.ceil(body.length / BYTES_A_TOKEN)
  if (operation === 'embeddings') return input
  const scan = scanMembers(body, WANTED, MAX_DEPTH)
  const read = (name: string): number | null => {
    if (scan.kind !== 'object') return null
    const value = readMember(body, scan.members.get(name))
    return typeof value === 'number' && value >= 0 ? Math.ceil(value) : null
  }
  const usual = Math.min(contextTokens ?? USUAL_OUTPUT, USUAL_OUTPUT)
  const output = read('max_completion_tokens') ?? read('max_tokens') ?? usual
  const total = input + output * Math.max(1, read('n') ?? 1)
  return Math.min(total, Number.MAX_SAFE_INTEGER)
}
