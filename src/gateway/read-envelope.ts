import { isUtf8 } from 'node:buffer'
import { parseJson } from '../kernel/index.ts'
import type { Operation } from '../metering/index.ts'
import { isJson } from './check-json.ts'
import { type Member, scanMembers } from './scan-members.ts'

/** What the gateway reads of a request. Everything else passes through unread. */
export interface Envelope {
  readonly body: Buffer
  /** Offset of the opening brace. */
  readonly open: number
  readonly model: string
  readonly modelMember: Member
  readonly isStream: boolean
  readonly streamOptions: Member | null
  /** Whether the client asked for usage in its stream. */
  readonly wantsUsage: boolean
}

/** Why a body is not a request. `param` names the member at fault; null: the body itself. */
export interface EnvelopeFault {
  readonly reason: 'not-json' | 'too-deep' | 'duplicate' | 'wrong-type' | 'missing' | 'empty'
  readonly param: string | null
  readonly message: string
}

export type EnvelopeReading =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | ({ readonly kind: 'fault' } & EnvelopeFault)

/** Containers within containers; the deepest request of a known client has about 20. */
export const MAX_DEPTH = 100
const WANTED = new Set(['model', 'stream', 'stream_options', 'messages', 'prompt', 'input'])
/** A model's name is the longest value that we act on. */
const LONGEST_VALUE_BYTES = 4_096
const INCLUDE_USAGE = new Set(['include_usage'])
const INPUT_OF: Readonly<Record<Operation, string>> = {
  chat: 'messages',
  completions: 'prompt',
  embeddings: 'input',
}

/**
 * Reads the members of a request body that the gateway acts on, and refuses bodies that no
 * upstream should see: broken UTF-8 or JSON, nesting deeper than 100, a key we act on given twice
 * (parsers differ in which one counts), wrong types, an absent or empty input.
 */
export function readEnvelope(body: Buffer, operation: Operation): EnvelopeReading {
  if (!isUtf8(body)) return fault('not-json', null, 'The body is not valid UTF-8.')
  const scan = scanMembers(body, WANTED, MAX_DEPTH)
  if (scan.kind === 'too-deep') {
    return fault('too-deep', null, `The body nests deeper than ${MAX_DEPTH} levels.`)
  }
  if (scan.kind === 'broken' || !isJson(body, MAX_DEPTH)) {
    return fault('not-json', null, 'The body is not valid JSON.')
  }
  if (scan.kind === 'not-object') return fault('not-json', null, 'The body must be a JSON object.')
  if (scan.duplicate !== null) {
    return fault('duplicate', scan.duplicate, `"${scan.duplicate}" is given twice; send it once.`)
  }
  const { members } = scan
  const input = checkInput(body, members, operation)
  if (input !== null) return input
  const modelMember = members.get('model')
  if (modelMember === undefined) {
    return fault('missing', 'model', 'Name a model in "model"; GET /v1/models lists them.')
  }
  const model = readValue(body, modelMember)
  if (typeof model !== 'string' || model === '') {
    return fault('wrong-type', 'model', '"model" must be the name of a model, as text.')
  }
  const stream = readStream(body, members, operation)
  if ('kind' in stream) return stream
  return {
    kind: 'envelope',
    envelope: { body, open: scan.open, model, modelMember, ...stream },
  }
}

function fault(
  reason: EnvelopeFault['reason'],
  param: string | null,
  message: string,
): { kind: 'fault' } & EnvelopeFault {
  return { kind: 'fault', reason, param, message }
}

/** A member's value; undefined when it is longer than any value that we act on. */
function readValue(body: Buffer, member: Member) {
  if (member.valueEnd - member.valueStart > LONGEST_VALUE_BYTES) return undefined
  return parseJson(body.toString('utf8', member.valueStart, member.valueEnd))
}

function checkInput(body: Buffer, members: ReadonlyMap<string, Member>, operation: Operation) {
  const name = INPUT_OF[operation]
  const member = members.get(name)
  if (member === undefined) return fault('missing', name, `"${name}" is missing.`)
  const first = String.fromCharCode(body[member.valueStart] ?? 0)
  const isList = first === '['
  const isText = first === '"'
  if (operation === 'chat' ? !isList : !isList && !isText) {
    const types = operation === 'chat' ? 'a list of messages' : 'text or a list'
    return fault('wrong-type', name, `"${name}" must be ${types}.`)
  }
  const isEmptyList = isList && holdsNothing(body, member)
  const isEmptyText =
    isText && operation === 'embeddings' && member.valueEnd - member.valueStart === 2
  if (isEmptyList || isEmptyText) return fault('empty', name, `"${name}" is empty.`)
  return null
}

/** Whether a list has nothing but space between its brackets. */
function holdsNothing(body: Buffer, list: Member): boolean {
  let at = list.valueStart + 1
  while (at < list.valueEnd - 1 && (body[at] ?? 0) <= 0x20) at += 1
  return at === list.valueEnd - 1
}

type StreamReading = Pick<Envelope, 'isStream' | 'streamOptions' | 'wantsUsage'>

function readStream(
  body: Buffer,
  members: ReadonlyMap<string, Member>,
  operation: Operation,
): StreamReading | ({ kind: 'fault' } & EnvelopeFault) {
  const none = { isStream: false, streamOptions: null, wantsUsage: false }
  const streamMember = members.get('stream')
  if (operation === 'embeddings' || streamMember === undefined) return none
  const stream = readValue(body, streamMember)
  if (stream !== null && typeof stream !== 'boolean') {
    return fault('wrong-type', 'stream', '"stream" must be true or false.')
  }
  if (stream !== true) return none
  const optionsMember = members.get('stream_options') ?? null
  if (optionsMember === null) return { isStream: true, streamOptions: null, wantsUsage: false }
  const plain = { isStream: true, streamOptions: optionsMember, wantsUsage: false }
  if (readValue(body, optionsMember) === null) return plain
  const name = 'stream_options.include_usage'
  const { valueStart, valueEnd } = optionsMember
  const options = body.subarray(valueStart, valueEnd)
  const inner = scanMembers(options, INCLUDE_USAGE, MAX_DEPTH)
  if (inner.kind !== 'object') {
    return fault('wrong-type', 'stream_options', '"stream_options" must be an object.')
  }
  if (inner.duplicate !== null) {
    return fault('duplicate', name, `"${name}" is given twice; send it once.`)
  }
  const usageMember = inner.members.get('include_usage')
  if (usageMember === undefined) return plain
  const wantsUsage = readValue(options, usageMember)
  if (wantsUsage !== null && typeof wantsUsage !== 'boolean') {
    return fault('wrong-type', name, `"${name}" must be true or false.`)
  }
  return { ...plain, wantsUsage: wantsUsage === true }
}
