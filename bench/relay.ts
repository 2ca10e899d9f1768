// What the relay adds: latency and processor time of a request through Baimo, with a key, usage
// recorded and committed, beside the same request sent to the upstream itself in the same run.
//   npm run -s bench -- relay [--json]
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { startMarket } from '../tests/support/market.ts'
import { median, printReport, type Row } from './support/report.ts'

const CHUNKS = 20
const MODEL = 'bench-model'
const WHOLE = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: MODEL,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'word '.repeat(60) },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 20, completion_tokens: 60, total_tokens: 80 },
})

function event(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: MODEL, choices })}\n\n`
}

const EVENTS = [
  ...Array.from({ length: CHUNKS }, (_, i) => event({ content: `word${i} ` }, null)),
  event({}, 'stop'),
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: MODEL, choices: [], usage: { prompt_tokens: 20, completion_tokens: CHUNKS, total_tokens: 20 + CHUNKS } })}\n\n`,
  'data: [DONE]\n\n',
]

/** An upstream that answers at once, so that what is measured is what stands before it. */
async function openUpstream() {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (request.url === '/v1/models')
        answer(response, JSON.stringify({ object: 'list', data: [{ id: MODEL, object: 'model' }] }))
      else if (Buffer.concat(parts).includes('"stream":true')) stream(response)
      else answer(response, WHOLE)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function answer(response: ServerResponse, body: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let at = 0
  const next = (): void => {
    const piece = EVENTS[at]
    at += 1
    if (piece === undefined) response.end()
    else {
      response.write(piece)
      setImmediate(next)
    }
  }
  next()
}

interface Timing {
  readonly firstByteMs: number
  readonly totalMs: number
}

async function ask(pool: Pool, key: string, isStream: boolean): Promise<Timing> {
  const body = JSON.stringify({
    model: MODEL,
    ...(isStream ? { stream: true } : {}),
    messages: [{ role: 'user', content: 'Say sixty words.' }],
  })
  const start = performance.now()
  let firstByteMs = 0
  const { statusCode, body: answerBody } = await pool.request({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
  })
  if (statusCode !== 200) throw new Error(`answered ${statusCode}: ${await answerBody.text()}`)
  for await (const _part of answerBody) firstByteMs ||= performance.now() - start
  return { firstByteMs, totalMs: performance.now() - start }
}

async function measure(
  origin: string,
  key: string,
  load: { isStream: boolean; connections: number; count: number },
): Promise<Timing[]> {
  const pool = new Pool(origin, { connections: load.connections })
  const timings: Timing[] = []
  let left = load.count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      timings.push(await ask(pool, key, load.isStream))
    }
  }
  await Promise.all(Array.from({ length: load.connections }, worker))
  await pool.close()
  return timings
}

/** Processor time of a process so far, in µs. Linux only: null elsewhere. */
function cpuMicros(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return null
  }
}

const upstream = await openUpstream()
const market = await startMarket()
try {
  const added = await fetch(`${market.url}/api/providers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${upstream.origin}/v1`, name: 'bench', models: [MODEL] }),
  })
  if (!added.ok) throw new Error(`could not add the upstream: ${await added.text()}`)
  const rows: Row[] = []
  for (const isStream of [false, true]) {
    const what = isStream ? `stream of ${CHUNKS} chunks` : 'whole answer'
    const pick = (timing: Timing) => (isStream ? timing.firstByteMs : timing.totalMs)
    await measure(market.url, market.ownerKey, { isStream, connections: 32, count: 3_000 })
    await measure(upstream.origin, '', { isStream, connections: 8, count: 500 })
    const added: number[] = []
    const through: number[] = []
    const direct: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const one = { isStream, connections: 1, count: 300 }
      direct.push(median((await measure(upstream.origin, '', one)).map(pick)))
      through.push(median((await measure(market.url, market.ownerKey, one)).map(pick)))
      added.push((through.at(-1) ?? 0) - (direct.at(-1) ?? 0))
    }
    const goal = isStream ? 0.4 : 0.6
    rows.push({ what: `${what}: added, p50, 1 connection`, value: median(added), unit: 'ms', goal })
    rows.push({
      what: `${what}: through / direct, p50`,
      value: median(through) / median(direct),
      unit: 'ratio',
    })
    const before = cpuMicros(market.process.pid ?? 0)
    const count = 6_000
    await measure(market.url, market.ownerKey, { isStream, connections: 32, count })
    const after = cpuMicros(market.process.pid ?? 0)
    if (before !== null && after !== null) {
      const row = {
        what: `${what}: CPU a request, 32 connections`,
        value: (after - before) / count,
        unit: 'µs',
      }
      rows.push(isStream ? row : { ...row, goal: 100 })
    }
  }
  printReport('relay', rows)
} finally {
  await market.stop()
  upstream.server.close()
}
