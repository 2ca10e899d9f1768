// The floor for a relay that keeps books: `bare-main.ts` and besides a key that is hashed and
// looked up, usage that is read of the answer, and one row of it committed before the last byte
// leaves, in groups, to a PostgreSQL as Baimo's own. No limits, no log, no metrics, no retries, and
// nothing is checked. Its upstream's port and its home are the arguments.
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool } from 'undici'
import { silentLog } from '../../src/kernel/index.ts'
import { openHome, openStore } from '../../src/store/index.ts'
import { servePeer } from './serve-peer.ts'

interface Told {
  readonly prompt_tokens: number
  readonly completion_tokens: number
}
type Row = readonly [string, number, number, number]

const [upstreamPort, homePath = ''] = process.argv.slice(2)
const KEY = 'sk-prototype'
const DONE = Buffer.from('data: [DONE]')
const USAGE = Buffer.from('"usage":{')
const TABLE = `create table if not exists prototype_usage (
  id uuid primary key, key_id integer, input_tokens integer, output_tokens integer,
  at timestamptz default now())`
const INSERT = `insert into prototype_usage (id, key_id, input_tokens, output_tokens)
  select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[])`

const home = openHome(homePath)
const store = await openStore({ home, databaseUrl: null, log: silentLog, onProgress() {} })
await store.commitPool.query(TABLE)
const upstream = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 64, pipelining: 1 })
const keys = new Map([[hashOf(KEY), 7]])
let waiting: { readonly row: Row; readonly done: () => void }[] = []
let isWriting = false

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64')
}

/** Whoever comes while a group is written goes with the next one. */
async function writeGroups(): Promise<void> {
  while (waiting.length > 0) {
    const group = waiting
    waiting = []
    const values = [0, 1, 2, 3].map((column) => group.map(({ row }) => row[column]))
    await store.commitPool.query({ name: 'insert', text: INSERT, values })
    for (const { done } of group) done()
  }
  isWriting = false
}

function commit(row: Row, done: () => void): void {
  waiting.push({ row, done })
  if (isWriting) return
  isWriting = true
  setImmediate(() => void writeGroups())
}

function usageIn(bytes: Buffer): Told | null {
  const at = bytes.lastIndexOf(USAGE)
  if (at < 0) return null
  const text = bytes.toString('latin1', at + USAGE.length - 1, bytes.indexOf('}', at) + 1)
  return JSON.parse(text) as Told
}

function relay(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const keyId = keys.get(hashOf(request.headers.authorization?.slice('Bearer '.length) ?? ''))
  if (keyId === undefined) {
    response.writeHead(401).end()
    return
  }
  let isStream = false
  let usage: Told | null = null
  /** What waits for the commit: a whole answer, or a stream's end. */
  let held: Buffer | null = null
  const headers = { 'content-type': 'application/json', authorization: 'Bearer upstream' }
  upstream.dispatch(
    { path: request.url ?? '/', method: 'POST', headers, body },
    {
      onRequestStart() {},
      onResponseStart(_control, status, received) {
        isStream = received['content-type'] === 'text/event-stream'
        const length = received['content-length']
        response.writeHead(status, {
          'content-type': String(received['content-type']),
          ...(length === undefined ? {} : { 'content-length': String(length) }),
        })
      },
      onResponseData(control, chunk) {
        const bytes = held === null ? chunk : Buffer.concat([held, chunk])
        held = null
        usage = usageIn(bytes) ?? usage
        const cut = isStream ? bytes.indexOf(DONE) : 0
        if (cut >= 0) held = bytes.subarray(cut)
        const now = cut < 0 ? bytes : bytes.subarray(0, cut)
        if (now.length === 0 || response.write(now)) return
        control.pause()
        response.once('drain', () => control.resume())
      },
      onResponseEnd() {
        const { prompt_tokens = 0, completion_tokens = 0 } = usage ?? {}
        commit([randomUUID(), keyId, prompt_tokens, completion_tokens], () => {
          if (held === null) response.end()
          else response.end(held)
        })
      },
      onResponseError: (_control, error) => response.destroy(error),
    },
  )
}

servePeer(relay, { tells: { key: KEY }, close: () => store.close() })
