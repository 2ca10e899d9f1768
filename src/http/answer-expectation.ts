// edge: answers on sockets.
import type { ServerResponse } from 'node:http'
import type { Visit } from './types.ts'

/** Whether a client keeps its body until it is asked for it. */
export function asksToContinue({ headers }: Visit): boolean {
  return headers.expect?.toLowerCase() === '100-continue'
}

/** Who waits to be asked for the body is asked once let in, and else keeps it. */
export function answerExpectation(response: ServerResponse, error: Error | undefined): void {
  if (error === undefined) response.writeContinue()
  else response.setHeader('connection', 'close')
}
