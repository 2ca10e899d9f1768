import { isUtf8 } from 'node:buffer'
import { parseJson } from '../kernel/index.ts'
import type { Operation } from '../metering/index.ts'
import { JsonScan, type ScanState } from './check-json.ts'
import { countTextBytes } from './count-usage.ts'
import { type Member, scanMembers } from './scan-members.ts'

/** What the gateway reads of a request. Everything else passes through unread. */
export interface Envelope {
  readonly body: Buffer
  /** Bytes of it that may be text; see `countTextBytes`. */
  readonly textBytes: number
  /** Offset of the opening brace. */
  readonly open: number
  /** Names of all members, escapes decoded; one longer than 200 bytes is empty here. */
  readonly names: ReadonlySet<string>
  /** The most tokens of an answer, as a number of the request's; null: it names none. */
  readonly maxTokens: number | null
  /** How many answers are wanted; 1 when nothing is said. */
  readonly answerCount: number
  readonly model: string
  readonly modelMember: Member
  /** The messages, the prompt or the input. */
  readonly inputMember: Member
  readonly isStream: boolean
  readonly streamOptions: Member | null
  /** Whether the client asked for usage in its stream. */
  readonly wantsUsage: boolean
}

/** Why a body is not a request. `param` names the member at fault; null: the body itself. */
export interface EnvelopeFault {
  readonly reason:
    | 'not-json'
    | 'too-deep'
    | 'too-many'
    | 'duplicate'
    | 'wrong-type'
    | 'missing'
    | 'empty'
  readonly param: string | null
  readonly message: string
}

export type EnvelopeReading =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | ({ readonly kind: 'fault' } & EnvelopeFault)

/** Containers within containers; the deepest request of a known client has about 20. */
export const MAX_DEPTH = 100
const WANTED = new Set([
  ...['model', 'stream', 'stream_options', 'messages', 'prompt', 'input'],
  ...['max_tokens', 'max_completion_tokens', 'n'],
])
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
 * upstream should see: broken UTF-8 or JSON, nesting deeper than 100, more than 1,000 members, a
 * key we act on given twice (parsers differ in which one counts), wrong types, an absent or empty
 * input.
 */
export function readEnvelope(body: Buffer, operation: Operation): EnvelopeReading {
  const read = envelopeReader(body, operation)
  for (;;) {
    const reading = read(body.length + 1)
    if (reading !== null) return reading
  }
}

/** Goes on reading for about so many bytes; null: there is more, call it again. */
export type EnvelopeReader = (sizeBytes: number) => EnvelopeReading | null

/** The same as `readEnvelope`, a slice at a time. */
export function envelopeReader(body: Buffer, operation: Operation): EnvelopeReader {
  if (!isUtf8(body)) return () => fault('not-json', null, 'The body is not valid UTF-8.')
  const scan = new JsonScan(body, { maxDepth: MAX_DEPTH, wanted: WANTED })
  return (sizeBytes) => {
    const state = scan.run(sizeBytes)
    if (state === 'more') return null
    return state === 'end' ? readScanned(body, scan, operation) : faultOf(state)
  }
}

function faultOf(state: Exclude<ScanState, 'more' | 'end'>): EnvelopeReading {
  switch (state) {
    case 'too-deep':
      return fault('too-deep', null, `The body nests deeper than ${MAX_DEPTH} levels.`)
    case 'too-many':
      return fault('too-many', null, 'The body has more than 1,000 members.')
    case 'broken':
      return fault('not-json', null, 'The body is not valid JSON.')
  }
}

function readScanned(body: Buffer, scan: JsonScan, operation: Operation): EnvelopeReading {
  if (!scan.isObject) return fault('not-json', null, 'The body must be a JSON object.')
  const { duplicate, members, names, open } = scan
  if (duplicate !== null) {
    return fault('duplicate', duplicate, `"${duplicate}" is given twice; send it once.`)
  }
  const inputMember = members.get(INPUT_OF[operation])
  const input = checkInput(body, inputMember, operation)
  if (input !== null || inputMember === undefined) return input ?? lacksInput(operation)
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
  const size = readSize(body, members)
  const textBytes = countTextBytes(body)
  return {
    kind: 'envelope',
    envelope: { body, textBytes, open, names, model, modelMember, inputMember, ...stream, ...size },
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

/** How much is asked for. What is no number is for the upstream to refuse. */
function readSize(body: Buffer, members: ReadonlyMap<string, Member>) {
  const read = (name: string): number | null => {
    const member = members.get(name)
    const value = member === undefined ? null : readValue(body, member)
    return typeof value === 'number' && value >= 0 ? Math.ceil(value) : null
  }
  const maxTokens = read('max_completion_tokens') ?? read('max_tokens')
  return { maxTokens, answerCount: Math.max(1, read('n') ?? 1) }
}

function lacksInput(operation: Operation) {
  const name = INPUT_OF[operation]
  return fault('missing', name, `"${name}" is missing.`)
}

function checkInput(body: Buffer, member: Member | undefined, operation: Operation) {
  if (member === undefined) return lacksInput(operation)
  const name = INPUT_OF[operation]
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

/** More space than this in an empty list is for the upstream to find. */
const LONGEST_SPACE_BYTES = 65_536

/** Whether a list has nothing but space between its brackets. */
function holdsNothing(body: Buffer, list: Member): boolean {
  const last = Math.min(list.valueEnd - 1, list.valueStart + LONGEST_SPACE_BYTES)
  let at = list.valueStart + 1
  while (at < last && (body[at] ?? 0) <= 0x20) at += 1
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
  if (valueEnd - valueStart > LONGEST_VALUE_BYTES) {
    return fault('wrong-type', 'stream_options', '"stream_options" may have at most 4 KiB.')
  }
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
