import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal, RawRoute } from '../people/index.ts'
import type { Arena, BattleWatch } from './service.ts'

const KEEP_ALIVE_MS = 15_000
/** A client that has so much to take is not waited for: it comes again with its last id. */
const MOST_WAITING_BYTES = 1024 * 1024

/** `GET /api/battles/:id/stream`: what is told of a battle, from `Last-Event-ID` on. */
export function streamRoute(
  arena: Arena,
  answerError: (error: unknown, response: ServerResponse, requestId: string) => void,
): RawRoute {
  return {
    kind: 'raw',
    method: 'GET',
    path: '/api/battles/:id/stream',
    access: 'member',
    scope: 'api',
    dialect: 'problem',
    summary: 'What is told of a battle, as server-sent events; Last-Event-ID resumes',
    writesStore: false,
    handle: (request, response, { principal, requestId }) => {
      stream({ arena, request, response, principal, requestId }).catch((error: unknown) => {
        if (response.headersSent) response.destroy()
        else answerError(error, response, requestId)
      })
    },
  }
}

async function stream(call: {
  readonly arena: Arena
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly principal: Principal
  readonly requestId: string
}): Promise<void> {
  const { arena, request, response, principal, requestId } = call
  const id = /^\/api\/battles\/([^/?]*)\/stream/.exec(request.url ?? '')?.[1] ?? ''
  const watch = await arena.watch(principal, decodeURIComponent(id))
  response.once('close', watch.close)
  const own = { 'x-request-id': requestId, 'x-content-type-options': 'nosniff' }
  let seq = readLastId(request)
  const first = await watch.next(seq)
  // An EventSource comes again and again until it is told that there is nothing.
  if (first.length === 0 && (await watch.isOver())) {
    response.writeHead(204, own).end()
    return
  }
  response.writeHead(200, {
    ...own,
    ...{ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  for (;;) {
    const wasOver = await watch.isOver()
    seq = await tell(watch, response, seq)
    if (wasOver || response.destroyed || response.writableLength > MOST_WAITING_BYTES) break
    await waitForMore(watch, response, seq)
  }
  watch.close()
  response.end()
}

async function tell(watch: BattleWatch, response: ServerResponse, after: number): Promise<number> {
  let seq = after
  for (const event of await watch.next(after)) {
    seq = event.seq
    if (response.destroyed) break
    response.write(`id: ${seq}\nevent: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`)
  }
  return seq
}

/** Until there is more, it is over, or the client is gone. */
async function waitForMore(
  watch: BattleWatch,
  response: ServerResponse,
  seq: number,
): Promise<void> {
  let quietMs = 0
  for (;;) {
    await watch.wait()
    if (response.destroyed || (await watch.isOver())) return
    if ((await watch.next(seq)).length > 0) return
    quietMs += watch.longestWaitMs
    if (quietMs < KEEP_ALIVE_MS) continue
    response.write(': keep-alive\n\n')
    quietMs = 0
  }
}

function readLastId(request: IncomingMessage): number {
  const header = request.headers['last-event-id']
  const asked = new URLSearchParams((request.url ?? '').split('?')[1] ?? '').get('last_event_id')
  const id = Number(typeof header === 'string' ? header : (asked ?? 0))
  return Number.isInteger(id) && id > 0 && id < 2_147_483_647 ? id : 0
}
