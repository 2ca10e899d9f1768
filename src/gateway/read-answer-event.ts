import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'
import { findData, standsAt } from './read-events.ts'
import { type Member, readMember, scanMembers, skipString } from './scan-members.ts'
import { spliceBytes } from './splice-bytes.ts'

/** One event of a streamed answer, as far as the gateway must understand it. */
export interface AnswerEvent {
  /**
   * `done` is `data: [DONE]`; `error` carries an error instead of a part of the answer;
   * `usage` holds usage and no choices; `part` is everything that belongs to the answer;
   * `note` has no data (a comment, a retry hint).
   */
  readonly kind: 'done' | 'error' | 'usage' | 'part' | 'note'
  /** What to send on: the event's own bytes, but for a `usage: null` that nobody asked for. */
  readonly bytes: Buffer
  /** The usage object it holds; null: none. */
  readonly usage: Json | null
  /** The error object it holds; null: none. */
  readonly error: Json | null
  /** Whether a choice ends in it. */
  readonly isFinish: boolean
  /** Bytes of text it adds to the answer, JSON escapes included; 0: none. */
  readonly textBytes: number
}

const DONE = '[DONE]'
const QUOTE = 0x22
const COLON = 0x3a
const LOOKED_INTO = ['"usage"', '"error"'].map((key) => Buffer.from(key))
const FINISH = Buffer.from('"finish_reason"')
const TEXTS = ['"content"', '"reasoning_content"', '"reasoning"', '"arguments"', '"text"'].map(
  (key) => Buffer.from(key),
)
const WANTED = new Set(['usage', 'choices', 'error', 'object'])
const MAX_DEPTH = 100

/**
 * Reads one event of an OpenAI-dialect stream. Only events that mention usage or an error are
 * looked into; all others cost one look at their keys. `stripsUsage`: the client did not ask for
 * usage, so a top-level `usage: null` is cut out (one official client rejects it) and nothing else.
 */
export function readAnswerEvent(event: Buffer, stripsUsage: boolean): AnswerEvent {
  const data = findData(event)
  if (data === null) return ofKind('note', event)
  const bytes = event.subarray(data.start, data.end)
  if (bytes.length < 16 && bytes.toString('latin1').trim() === DONE) return ofKind('done', event)
  const { isFinish, textBytes, wantsLook } = searchKeys(bytes)
  const part: AnswerEvent = {
    kind: 'part',
    bytes: event,
    usage: null,
    error: null,
    isFinish,
    textBytes,
  }
  if (!wantsLook) return part
  const scan = scanMembers(bytes, WANTED, MAX_DEPTH)
  if (scan.kind !== 'object') return part
  const error = readError(bytes, scan.members)
  if (error !== null) return { ...part, kind: 'error', error }
  const usageMember = scan.members.get('usage')
  if (usageMember === undefined) return part
  const usage = readMember(bytes, usageMember)
  if (usage === null) {
    return stripsUsage ? { ...part, bytes: cutMember(event, data.start, usageMember) } : part
  }
  const choices = readMember(bytes, scan.members.get('choices'))
  const isAlone = !Array.isArray(choices) || choices.length === 0
  return { ...part, kind: isAlone ? 'usage' : 'part', usage }
}

function ofKind(kind: 'note' | 'done', bytes: Buffer): AnswerEvent {
  return { kind, bytes, usage: null, error: null, isFinish: false, textBytes: 0 }
}

/** An error under `error`, or an event that is one itself, as older vLLM servers send it. */
function readError(bytes: Buffer, members: ReadonlyMap<string, Member>): Json | null {
  const error = readMember(bytes, members.get('error'))
  if (error !== null || members.has('choices')) return error
  const isItself = readMember(bytes, members.get('object')) === 'error'
  return isItself ? (parseJson(bytes.toString('utf8')) ?? null) : null
}

/** The event without one member of its data and the comma that tied it to its neighbour. */
function cutMember(event: Buffer, dataStart: number, member: Member): Buffer {
  let start = dataStart + member.keyStart
  let end = dataStart + member.valueEnd
  while (isSpace(event[end])) end += 1
  if (event[end] === 0x2c) end += 1
  else {
    while (isSpace(event[start - 1])) start -= 1
    if (event[start - 1] === 0x2c) start -= 1
  }
  return spliceBytes(event, [{ start, end, text: '' }])
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09
}

/**
 * What a search for keys tells: whether a choice has a reason to finish, how much text is added,
 * whether usage or an error is mentioned. It goes from string to string, so that nothing in a text
 * is mistaken for a key.
 */
function searchKeys(bytes: Buffer) {
  const found = { isFinish: false, textBytes: 0, wantsLook: false }
  let at = findQuote(bytes, 0)
  while (at < bytes.length) {
    const end = skipString(bytes, at)
    if (end < 0) break
    const value = valueAfterKey(bytes, end)
    const isText = value > 0 && bytes[value] === QUOTE
    // Also where it is no key: older vLLM servers send `"object":"error"`.
    if (isOneOf(LOOKED_INTO, bytes, at)) found.wantsLook = true
    else if (isText && standsAt(bytes, at, FINISH)) found.isFinish = true
    else if (isText && isOneOf(TEXTS, bytes, at)) found.textBytes += textLength(bytes, value)
    at = findQuote(bytes, end)
  }
  return found
}

/** Beyond the last byte where there is none. They are near: a search costs more than looking. */
function findQuote(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== QUOTE) at += 1
  return at
}

/** Where the value stands whose key ends at `keyEnd`; 0: it is no key. */
function valueAfterKey(bytes: Buffer, keyEnd: number): number {
  const colon = skipBlanks(bytes, keyEnd)
  return bytes[colon] === COLON ? skipBlanks(bytes, colon + 1) : 0
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from
  while (isSpace(bytes[at])) at += 1
  return at
}

function isOneOf(words: readonly Buffer[], bytes: Buffer, at: number): boolean {
  for (const word of words) if (standsAt(bytes, at, word)) return true
  return false
}

function textLength(bytes: Buffer, open: number): number {
  const end = skipString(bytes, open)
  return end < 0 ? 0 : end - open - 2
}

/** The HTTP status an error event stands for: its `code` or `status` when that is one, else 502. */
export function statusOfErrorEvent(error: Json): number {
  if (!isJsonObject(error)) return 502
  for (const value of [error.code, error.status, error.status_code]) {
    const status = typeof value === 'string' ? Number(value) : value
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) {
      return status
    }
  }
  return 502
}
