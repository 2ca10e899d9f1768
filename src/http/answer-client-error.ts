// edge: talks to sockets.
import type { Socket } from 'node:net'
import { newId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { RunningAnswers } from './running-answers.ts'
import { shapeError } from './shape-error.ts'
import { titleOf } from './status-of.ts'

type ClientError = Error & { readonly code?: string }

/** Answers what never became a request: broken HTTP, endless headers, too slow a sender. */
export function createClientErrorAnswer(
  answers: Pick<RunningAnswers, 'answerOn'>,
): (error: ClientError, socket: Socket) => void {
  const ending = new WeakSet<Socket>()
  return (error, socket) => {
    if (ending.has(socket)) return
    const answer = error.code === 'ECONNRESET' ? undefined : answers.answerOn(socket)
    if (answer === undefined) {
      answerBroken(error, socket)
      return
    }
    // A good request came before: it is answered, and then nothing more is read.
    ending.add(socket)
    answer.shouldKeepAlive = false
    answer.once('close', () => socket.destroySoon())
  }
}

function answerBroken(error: ClientError, socket: Socket): void {
  // Whoever has gone, or is in the middle of an answer, cannot be told.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const requestId = newId()
  const shaped = shapeError(refusalFor(error.code), { dialect: 'problem', requestId })
  const headers = {
    ...shaped.headers,
    'x-request-id': requestId,
    'content-length': Buffer.byteLength(shaped.body),
    connection: 'close',
  }
  const lines = [
    `HTTP/1.1 ${shaped.status} ${titleOf(shaped.status)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    shaped.body,
  ]
  socket.end(lines.join('\r\n'), () => socket.destroySoon())
}

function refusalFor(code: string | undefined) {
  if (code === 'HPE_HEADER_OVERFLOW')
    return refuse('http_headers_too_large', 'Send at most 16 KiB of headers.')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return refuse('http_request_timeout', 'The request did not arrive in time. Send it again.')
  return refuse('http_request_malformed', 'This is no well-formed HTTP/1.1 request.')
}
