import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'
import { findData } from './read-events.ts'
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
const USAGE = Buffer.from('"usage"')
const ERROR = Buffer.from('"error"')
const FINISH = Buffer.from('"finish_reason"')
const TEXT_KEYS = ['"content"', '"reasoning_content"', '"reasoning"', '"arguments"', '"text"'].map(
  (key) => Buffer.from(key),
)
const WANTED = new Set(['usage', 'choices', 'error', 'object'])
const MAX_DEPTH = 100

/**
 * Reads one event of an OpenAI-dialect stream. Only events that mention usage or an error are
 * looked into; all others cost four searches. `stripsUsage`: the client did not ask for usage, so
 * a top-level `usage: null` is cut out (one official client rejects it) and nothing else.
 */
export function readAnswerEvent(event: Buffer, stripsUsage: boolean): AnswerEvent {
  const data = findData(event)
  const plain = { bytes: event, usage: null, error: null, isFinish: false, textBytes: 0 }
  if (data === null) return { ...plain, kind: 'note' }
  const bytes = event.subarray(data.start, data.end)
  if (bytes.length < 16 && bytes.toString('latin1').trim() === DONE)
    return { ...plain, kind: 'done' }
  const part = {
    ...plain,
    kind: 'part' as const,
    isFinish: hasFinish(bytes),
    textBytes: countTextBytes(bytes),
  }
  if (bytes.indexOf(USAGE) < 0 && bytes.indexOf(ERROR) < 0) return part
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

/** Whether a choice has a reason to finish. Quotes inside text are escaped, so none is mistaken. */
function hasFinish(bytes: Buffer): boolean {
  let at = bytes.indexOf(FINISH)
  while (at >= 0) {
    if (valueAfterKey(bytes, at + FINISH.length) === 0x22) return true
    at = bytes.indexOf(FINISH, at + FINISH.length)
  }
  return false
}

/** The first byte of the value that follows a key which ends at `from`. */
function valueAfterKey(bytes: Buffer, from: number): number | undefined {
  let at = from
  while (isSpace(bytes[at]) || bytes[at] === 0x3a) at += 1
  return bytes[at]
}

function countTextBytes(bytes: Buffer): number {
  let total = 0
  for (const key of TEXT_KEYS) {
    const at = bytes.indexOf(key)
    if (at < 0) continue
    if (valueAfterKey(bytes, at + key.length) !== 0x22) continue
    const open = bytes.indexOf(0x22, at + key.length)
    const end = skipString(bytes, open)
    if (end > open) total += end - open - 2
  }
  return total
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
