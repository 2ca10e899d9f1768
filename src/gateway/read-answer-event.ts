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
const WANTED = new Set(['usage', 'choices', 'error', 'object'])
const MAX_DEPTH = 100

/**
 * Reads one event of an OpenAI-dialect stream. Only events that mention usage or an error are
 * looked into; all others cost one search for a few keys. `stripsUsage`: the client did not ask for
 * usage, so a top-level `usage: null` is cut out (one official client rejects it) and nothing else.
 */
export function readAnswerEvent(event: Buffer, stripsUsage: boolean): AnswerEvent {
  const data = findData(event)
  const plain = { bytes: event, usage: null, error: null, isFinish: false, textBytes: 0 }
  if (data === null) return { ...plain, kind: 'note' }
  const bytes = event.subarray(data.start, data.end)
  if (bytes.length < 16 && bytes.toString('latin1').trim() === DONE)
    return { ...plain, kind: 'done' }
  const { isFinish, textBytes, wantsLook } = searchKeys(bytes)
  const part = { ...plain, kind: 'part' as const, isFinish, textBytes }
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
 * whether usage or an error is mentioned. Quotes inside text are escaped, so none is mistaken.
 */
function searchKeys(bytes: Buffer) {
  const found = { isFinish: false, textBytes: 0, wantsLook: false }
  const keys = /"(usage|error|finish_reason|content|reasoning_content|reasoning|arguments|text)"/g
  const text = bytes.toString('latin1')
  for (let match = keys.exec(text); match !== null; match = keys.exec(text)) {
    const name = match[1]
    if (name === 'usage' || name === 'error') found.wantsLook = true
    else if (!isTextAfterKey(bytes, keys.lastIndex)) continue
    else if (name === 'finish_reason') found.isFinish = true
    else found.textBytes += textBytesAfterKey(bytes, keys.lastIndex)
  }
  return found
}

/** Whether the value of a key that ends at `from` is text. */
function isTextAfterKey(bytes: Buffer, from: number): boolean {
  let at = from
  while (isSpace(bytes[at]) || bytes[at] === 0x3a) at += 1
  return bytes[at] === 0x22 && at > from
}

function textBytesAfterKey(bytes: Buffer, from: number): number {
  const open = bytes.indexOf(0x22, from)
  const end = skipString(bytes, open)
  return end > open ? end - open - 2 : 0
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
