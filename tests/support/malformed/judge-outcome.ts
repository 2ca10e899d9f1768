import { isJsonObject, type Json, parseJson } from '../../../src/kernel/index.ts'
import type { WireAnswer } from './read-answers.ts'
import type { Outcome } from './send-attempt.ts'
import type { Attempt } from './types.ts'

export interface Rules {
  /** Codes of the catalogue, and those that clients of OpenAI know. */
  readonly codes: ReadonlySet<string>
  /** What no error may show: keys, folders of this machine. */
  readonly secrets: readonly string[]
}

const GOOD = new Set([200, 201, 204, 303])
const REFUSED = new Set([400, 401, 403, 404, 405, 408, 409, 413, 415, 417, 429, 431])
/** 500 is an upstream's own, passed through; ours has a code that is looked for. */
const FAILED = new Set([500, 502, 503, 504])
const TRACE =
  /\bat [^,;]{0,80}:\d+:\d+|node_modules|\.ts:\d+|relation "|syntax error at|kysely|fastify/i

/** What is wrong with how the market took an attempt; null: nothing. */
export function judgeOutcome(attempt: Attempt, outcome: Outcome, rules: Rules): string | null {
  const { reading, end } = outcome
  if (reading.kind === 'broken') return `the answer is no HTTP: ${reading.why}`
  const { answers } = reading
  if (answers.length > attempt.answersAtMost) return `${answers.length} answers`
  if (attempt.isWhole && answers.length === 0) {
    if (end === 'reset' && attempt.mayReset) return null
    return `no answer, the connection is ${end}, after ${outcome.before}`
  }
  for (const answer of answers) {
    const problem = judgeAnswer(attempt, answer, rules)
    if (problem !== null) return `${problem}: ${answer.body.toString().slice(0, 400)}`
  }
  return null
}

function judgeAnswer(attempt: Attempt, answer: WireAnswer, rules: Rules): string | null {
  const { status } = answer
  const isFailed = FAILED.has(status)
  if (isFailed && !attempt.isAimedAtFailure && !isNoted(answer)) return `status ${status}`
  if (status === 500 && answer.body.includes('_internal')) return 'a bug'
  if (!GOOD.has(status) && !REFUSED.has(status) && !isFailed) return `status ${status}`
  if (attempt.isRefused && status < 400) return `status ${status}, it was to be refused`
  if (!answer.headers.has('x-request-id')) return 'no x-request-id'
  if (status < 400 || answer.body.length === 0) return null
  return judgeError(attempt, answer, rules)
}

/** Refusals that say that a part is switched off here: they are right, whatever was asked. */
function isNoted(answer: WireAnswer): boolean {
  return /"code":"(catalog_offline|catalog_engine_absent|engine_starting)"/.test(
    answer.body.toString(),
  )
}

function judgeError(attempt: Attempt, answer: WireAnswer, rules: Rules): string | null {
  const text = answer.body.toString()
  if (TRACE.test(text)) return 'an error shows what is inside'
  if (rules.secrets.some((secret) => text.includes(secret))) return 'an error shows a secret'
  const type = answer.headers.get('content-type') ?? ''
  const json = parseJson(text)
  if (type.startsWith('application/problem+json')) {
    if (attempt.dialect === 'openai') return 'an error in the wrong dialect'
    return judgeProblem(json, answer, rules)
  }
  // A browser with a link that opens nothing gets a page.
  const isPage = type.startsWith('text/html') && text.includes('a link that opens nothing')
  if (isPage && answer.status === 404) return null
  if (!type.startsWith('application/json')) return `an error as ${type}`
  if (attempt.dialect === 'problem') return 'an error in the wrong dialect'
  return judgeOpenai(json, attempt, rules)
}

function judgeProblem(json: Json | undefined, answer: WireAnswer, rules: Rules): string | null {
  if (!isJsonObject(json)) return 'a problem that is no JSON'
  const isWhole =
    json.type === 'about:blank' &&
    json.status === answer.status &&
    typeof json.title === 'string' &&
    typeof json.detail === 'string' &&
    json.request_id === answer.headers.get('x-request-id')
  if (!isWhole) return 'a problem without its members'
  return rules.codes.has(String(json.code)) ? null : `an unknown code ${String(json.code)}`
}

function judgeOpenai(json: Json | undefined, attempt: Attempt, rules: Rules): string | null {
  const error = isJsonObject(json) ? json.error : undefined
  if (!isJsonObject(error)) return 'an error without its members'
  if (typeof error.message !== 'string' || typeof error.type !== 'string')
    return 'an error without its members'
  // An upstream's own refusal passes through as it is; the engine gives no code to some of its.
  if (attempt.isAimedAtFailure || error.code === null || rules.codes.has(String(error.code)))
    return null
  return `an unknown code ${String(error.code)}`
}
