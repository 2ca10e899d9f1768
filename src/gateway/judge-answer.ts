import { isJsonObject, type Json, type Refusal, readRetryAfterMs } from '../kernel/index.ts'
import type { ResponseHeaders } from '../providers/index.ts'
import { refuse } from './errors.ts'
import { statusOfErrorEvent } from './read-answer-event.ts'
import { readMember, scanMembers } from './scan-members.ts'

/** What a whole (not streamed) body of an upstream is. */
export type WholeAnswer =
  | {
      readonly kind: 'answer'
      readonly usage: Json | undefined
      readonly upstreamId: string | null
    }
  /** An error in the dialect's own shape, to be passed on with this status. */
  | { readonly kind: 'dialect-error'; readonly status: number }
  /** Something the client must not see as it is. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const WANTED = new Set(['id', 'usage', 'error', 'choices', 'data', 'detail', 'message'])
const MAX_DEPTH = 200
/** Statuses that speak to whoever holds the key, and that is the market. */
const REFUSES_US = new Set([401, 402, 403, 407])

/** What came before a body, and when. */
export interface AnswerHead {
  readonly status: number
  readonly headers: ResponseHeaders
  /** Since 1970. */
  readonly nowMs: number
}

/**
 * Judges a whole body by its status and its outermost members, reading no more of it.
 *
 * The market's own troubles with a provider (key refused, payment due) are never shown as the
 * client's: its key is good. What is not JSON, an HTML page of a proxy say, becomes an error of
 * ours. A 200 that holds an error and no answer is that error.
 */
export function judgeWholeAnswer(answer: AnswerHead, body: Buffer): WholeAnswer {
  const { status } = answer
  if (REFUSES_US.has(status)) return refused(refusedUs(status))
  const scan = scanMembers(body, WANTED, MAX_DEPTH)
  if (scan.kind !== 'object') return refused(notAnAnswer(answer))
  const { members } = scan
  const error = readMember(body, members.get('error'))
  if (status >= 400) {
    const refusal = refusalOfUs(status, error)
    if (refusal !== null) return refused(refusal)
    // OpenAI's shape, FastAPI's `detail`, Mistral's `message`: clients of the dialect know them.
    const isKnown = error !== null || members.has('detail') || members.has('message')
    return isKnown ? { kind: 'dialect-error', status } : refused(notAnAnswer(answer))
  }
  const isAnswer = members.has('choices') || members.has('data')
  if (!isAnswer) {
    if (error === null) return refused(notAnAnswer(answer))
    const told = statusOfErrorEvent(error)
    const refusal = refusalOfUs(told, error)
    return refusal === null ? { kind: 'dialect-error', status: told } : refused(refusal)
  }
  return {
    kind: 'answer',
    usage: readMember(body, members.get('usage')) ?? undefined,
    upstreamId: cleanId(readMember(body, members.get('id'))),
  }
}

/** The refusal for an error that is about the market's own key or account; null: it is not. */
export function refusalOfUs(status: number, error: Json | null): Refusal | null {
  return REFUSES_US.has(status) || isOutOfCredit(error) ? refusedUs(status) : null
}

/** `insufficient_quota` comes as a 429, but it is the market's account that is empty. */
function isOutOfCredit(error: Json | null): boolean {
  return isJsonObject(error) && [error.code, error.type].includes('insufficient_quota')
}

function refused(refusal: Refusal): WholeAnswer {
  return { kind: 'refused', refusal }
}

function refusedUs(status: number): Refusal {
  const message = `The provider refused the market's own key for it (${status}). Tell the operator.`
  return refuse('gateway_upstream_refused_us', message, { details: { upstream_status: status } })
}

function notAnAnswer({ status, headers, nowMs }: AnswerHead): Refusal {
  const details = { upstream_status: status }
  const waitMs = readRetryAfterMs(headers, nowMs)
  const retry = waitMs === null ? {} : { retryAfterSeconds: Math.ceil(waitMs / 1_000) }
  if (status === 429) {
    const message = 'The provider takes no more requests for now.'
    return refuse('gateway_upstream_busy', message, { details, ...retry })
  }
  const message = `The provider answered ${status} with something that is no answer.`
  return refuse(
    'gateway_upstream_failed',
    message,
    status < 400 ? { details } : { details, ...retry },
  )
}

const LONGEST_ID = 200

/** An upstream's id as we may keep it: printable, at most 200 characters; null: none. */
export function cleanId(value: Json | null): string | null {
  if (typeof value !== 'string' || value === '') return null
  return value.replace(/[^\x20-\x7e]/g, '').slice(0, LONGEST_ID) || null
}

/** The id of a streamed answer, from one of its events; null when it has none. */
export function readStreamId(data: Buffer): string | null {
  const scan = scanMembers(data, new Set(['id']), MAX_DEPTH)
  if (scan.kind !== 'object') return null
  return cleanId(readMember(data, scan.members.get('id')))
}
