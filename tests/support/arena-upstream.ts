import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How one model of the arena's upstream answers. */
export interface Contender {
  /** What it says, given the question; its pieces are told apart by spaces. */
  readonly say: (question: string) => string
  readonly gapMs?: number
  readonly waitMs?: number
  /** Fails with this status, or in the middle of its answer. */
  readonly fails?: number | 'middle'
}

export interface ArenaUpstream {
  readonly baseUrl: string
  /** Names of the models that were asked, in order. */
  readonly asked: string[]
  /** Bodies of what was asked, in order. */
  readonly bodies: { model: string; messages: { role: string; content: string }[] }[]
  /** Changes how a model answers from now on. */
  set(model: string, contender: Contender): void
  close(): Promise<void>
}

/** Models that name themselves wherever a server can, but in their texts. */
export async function openArenaUpstream(
  contenders: Readonly<Record<string, Contender>>,
): Promise<ArenaUpstream> {
  const models = new Map(Object.entries(contenders))
  const asked: string[] = []
  const bodies: ArenaUpstream['bodies'] = []
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/models') === true) {
      const data = [...models.keys()].map((id) => ({ id, object: 'model', owned_by: id }))
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ object: 'list', data }))
      return
    }
    if (request.method !== 'POST') {
      response.writeHead(404).end()
      return
    }
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const body = JSON.parse(text) as ArenaUpstream['bodies'][number]
      const contender = models.get(body.model)
      asked.push(body.model)
      bodies.push(body)
      if (contender === undefined) response.writeHead(404).end()
      else void answer(response, body, contender)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    bodies,
    set: (model, contender) => void models.set(model, contender),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  response: ServerResponse,
  body: ArenaUpstream['bodies'][number],
  { say, gapMs = 0, waitMs = 0, fails }: Contender,
): Promise<void> {
  const { model } = body
  await sleep(waitMs)
  if (typeof fails === 'number') {
    response.writeHead(fails, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: `${model} is down`, type: 'server_error' } }))
    return
  }
  const pieces = say(body.messages.at(-1)?.content ?? '').split(/(?<=\s)/)
  const base = { id: `chatcmpl-${model}`, object: 'chat.completion.chunk', created: 1, model }
  const event = (more: object): string => `data: ${JSON.stringify({ ...base, ...more })}\n\n`
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'x-served-by': model,
    'openai-model': model,
    'x-ratelimit-limit-requests': '77777',
  })
  for (const [at, content] of pieces.entries()) {
    if (response.destroyed) return
    if (fails === 'middle' && at >= pieces.length / 2) {
      response.destroy()
      return
    }
    response.write(
      event({ system_fingerprint: model, choices: [{ index: 0, delta: { content } }] }),
    )
    if (gapMs > 0) await sleep(gapMs)
  }
  response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: `stop` }] }))
  const usage = { prompt_tokens: 31, completion_tokens: pieces.length }
  response.write(event({ choices: [], usage: { ...usage, total_tokens: 31 + pieces.length } }))
  response.end('data: [DONE]\n\n')
}
