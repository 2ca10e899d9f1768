import { type Envelope, MAX_DEPTH } from './read-envelope.ts'
import { scanMembers } from './scan-members.ts'
import { type Edit, spliceBytes } from './splice-bytes.ts'

const INCLUDE_USAGE = new Set(['include_usage'])

export interface BodyChanges {
  /** What the provider calls the model. */
  readonly upstreamModel: string
  /** Whether the provider may be asked for usage in a stream. */
  readonly acceptsStreamOptions: boolean
}

/**
 * The body as the upstream gets it: the model's name as the provider writes it, and, in a stream,
 * the request for usage. These are the only bytes that change; when neither is needed, none do.
 */
export function prepareBody(envelope: Envelope, changes: BodyChanges): Buffer {
  const edits: Edit[] = []
  if (envelope.model !== changes.upstreamModel) {
    const { valueStart, valueEnd } = envelope.modelMember
    edits.push({ start: valueStart, end: valueEnd, text: JSON.stringify(changes.upstreamModel) })
  }
  if (envelope.isStream && !envelope.wantsUsage && changes.acceptsStreamOptions) {
    edits.push(askForUsage(envelope))
  }
  return spliceBytes(envelope.body, edits)
}

function askForUsage(envelope: Envelope): Edit {
  const member = envelope.streamOptions
  if (member === null) {
    const start = envelope.open + 1
    return { start, end: start, text: '"stream_options":{"include_usage":true},' }
  }
  const { valueStart, valueEnd } = member
  const scan = scanMembers(envelope.body.subarray(valueStart, valueEnd), INCLUDE_USAGE, MAX_DEPTH)
  if (scan.kind !== 'object') {
    return { start: valueStart, end: valueEnd, text: '{"include_usage":true}' } // it was null
  }
  const asked = scan.members.get('include_usage')
  if (asked !== undefined) {
    return { start: valueStart + asked.valueStart, end: valueStart + asked.valueEnd, text: 'true' }
  }
  const start = valueStart + scan.open + 1
  return { start, end: start, text: `"include_usage":true${scan.isEmpty ? '' : ','}` }
}
