// edge: reads a request's body from its socket.
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Operation } from '../metering/index.ts'
import type { BodyShare } from './body-budget.ts'
import { refuse } from './errors.ts'
import { makeDecoder } from './make-decoder.ts'
import { type EnvelopeReading, envelopeReader, readEnvelope } from './read-envelope.ts'
import type { Turns } from './take-turns.ts'

/** Counted after decompression, so that a small bomb is caught while it unfolds. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024
const STALL_MS = 60_000
/** A body up to this size is read at once, a larger one in slices of it: about 0.5 ms each. */
const SLICE_BYTES = 65_536

/** What is copied in one go: well below a millisecond. */
const COPY_BYTES = 1_048_576

/** What a body is collected with. */
interface Means {
  readonly take: BodyShare['take']
  readonly turns: Turns
  /** Called once all bytes have come: what is done with them from then on takes time of ours. */
  readonly onWhole?: () => void
}

/**
 * A request's body, collected and read. A small one is read at once; while a large one is read
 * everything else goes on in between. Refuses as `collectBody` does; what is wrong with the JSON
 * is in the reading. `done` is called once; not at all when the client goes away first.
 */
export function collectEnvelope(
  request: IncomingMessage,
  by: Means & { readonly operation: Operation },
  done: (result: EnvelopeReading | Error) => void,
): void {
  collectBody(request, by, (body) => {
    if (body instanceof Error) done(body)
    else if (body.length <= SLICE_BYTES) done(readEnvelope(body, by.operation))
    else readInTurns({ request, body, ...by }, done)
  })
}

function readInTurns(
  from: {
    readonly request: IncomingMessage
    readonly body: Buffer
    readonly operation: Operation
    readonly turns: Turns
  },
  done: (reading: EnvelopeReading) => void,
): void {
  const read = envelopeReader(from.body, from.operation)
  from.turns.run(() => {
    if (from.request.socket.destroyed) return 'done' // nobody is left to answer
    const reading = read(SLICE_BYTES)
    if (reading === null) return 'more'
    done(reading)
    return 'done'
  })
}

/**
 * The whole body of a request, decompressed.
 *
 * Refuses with `gateway_media_type_unsupported`, `gateway_body_too_large` (the rest is not read),
 * `gateway_bodies_too_many` once `take` says that no more bytes may be held,
 * `gateway_body_stalled` after 60 s of silence, `gateway_body_invalid` for broken compression.
 * `done` is called once; not at all when the client goes away first, as nobody is left to answer.
 */
export function collectBody(
  request: IncomingMessage,
  by: Means,
  done: (result: Buffer | Error) => void,
): void {
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    const got = mediaType === undefined ? 'none' : `"${mediaType.slice(0, 100)}"`
    done(
      refuse('gateway_media_type_unsupported', `Send content-type: application/json; got ${got}.`),
    )
    return
  }
  const decoding = makeDecoder(request.headers['content-encoding'])
  switch (decoding.kind) {
    case 'plain':
      collect({ request, source: request, ...by }, done)
      return
    case 'decoder':
      collect({ request, source: request.pipe(decoding.decoder), ...by }, done)
      return
    case 'unknown': {
      const message = `Content-encoding "${decoding.name}" is not known; use gzip, deflate, br or zstd.`
      done(refuse('gateway_media_type_unsupported', message))
    }
  }
}

function collect(
  from: Means & { readonly request: IncomingMessage; readonly source: Readable },
  done: (result: Buffer | Error) => void,
): void {
  const { request, source, take, turns, onWhole } = from
  const parts: Buffer[] = []
  let sizeBytes = 0
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  // A small body has come with its headers, as can be told when all that has come was read.
  setImmediate(() => {
    if (isOver || (source === request && request.complete)) return
    timer = setTimeout(() => {
      finish(refuse('gateway_body_stalled', 'The request body stopped arriving for 60 s.'))
    }, STALL_MS)
  })
  const finish = (result: Buffer | Error): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    if (result instanceof Error) request.unpipe()
    if (source !== request) source.destroy()
    done(result)
  }
  source.on('data', (part: Buffer) => {
    if (isOver) return
    timer?.refresh()
    sizeBytes += part.length
    if (sizeBytes > MAX_BODY_BYTES) {
      finish(refuse('gateway_body_too_large', 'The request body is larger than 32 MiB.'))
      return
    }
    if (take(part.length)) {
      parts.push(part)
      return
    }
    const message = 'The bodies of running requests fill the memory kept for them; try again later.'
    finish(refuse('gateway_bodies_too_many', message, { retryAfterSeconds: 1 }))
  })
  if (source !== request && onWhole !== undefined) request.once('end', onWhole)
  source.on('end', () => {
    clearTimeout(timer)
    if (source === request) onWhole?.()
    joinParts(parts, { sizeBytes, turns }, finish)
  })
  source.on('error', (cause) => {
    if (source !== request) {
      finish(
        refuse('gateway_body_invalid', 'The body is not what its content-encoding says.', {
          cause,
        }),
      )
    }
  })
  request.on('close', () => {
    clearTimeout(timer)
    if (!request.complete) isOver = true
  })
}

/** The parts as one, copied at once when they are small, else in turns. */
function joinParts(
  parts: readonly Buffer[],
  { sizeBytes, turns }: { readonly sizeBytes: number; readonly turns: Turns },
  done: (whole: Buffer) => void,
): void {
  const [only] = parts
  if (only !== undefined && parts.length === 1) {
    done(only)
    return
  }
  if (sizeBytes <= COPY_BYTES) {
    done(Buffer.concat(parts))
    return
  }
  const whole = Buffer.allocUnsafeSlow(sizeBytes)
  let index = 0
  let at = 0
  turns.run(() => {
    const stopAt = at + COPY_BYTES
    while (at < stopAt) {
      const part = parts[index]
      if (part === undefined) {
        done(whole)
        return 'done'
      }
      at += part.copy(whole, at)
      index += 1
    }
    return 'more'
  })
}
