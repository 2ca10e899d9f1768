import type { BaimoPeer } from '../peers/baimo.ts'
import type { Peer } from '../peers/peer.ts'
import type { Generator, Load, Timings } from './load.ts'
import { cpuMicros, familyOf } from './process-facts.ts'
import { median, quantile, type Row, spreadRow } from './report.ts'

/** One kind of answer, and what it may cost in Baimo. */
export interface Kind {
  readonly name: string
  /** 0: a whole answer. */
  readonly chunks: number
  readonly goals: { readonly cpuMicros: number; readonly addedMs: number }
}

export interface Field {
  readonly generator: Generator
  readonly baimo: BaimoPeer
  /** Everybody else; `direct` is one of them. */
  readonly peers: readonly Peer[]
  readonly kind: Kind
  readonly isQuick: boolean
}

const CONNECTIONS = 32
/** The short streams that latency is measured with: their first byte is as far away. */
const LATENCY_CHUNKS = 3

/** What the rounds showed of one peer. */
interface Results {
  readonly cpu: number[]
  readonly perSecond: number[]
  readonly busyMs: number[]
  /** Of each round, at one connection. */
  readonly p50: number[]
  readonly endP50: number[]
  /** Of all rounds together. */
  readonly all: number[]
}

/** Measures one kind of answer over everybody who can give it. */
export async function measureKind(field: Field): Promise<{ rows: Row[]; baimoCpuMicros: number }> {
  const { kind, baimo } = field
  const able = [baimo, ...field.peers].filter((peer) => kind.chunks === 0 || peer.canStream)
  const results = new Map(able.map((peer) => [peer, emptyResults()]))
  const database: number[] = []
  for (const peer of able) await field.generator.run(loadOf(peer, kind, warmUpOf(peer, field)))
  await measureLatency(field, results)
  await measureLoad(field, results, database)
  const own = results.get(baimo) ?? emptyResults()
  const rows = able.flatMap((peer) => rowsOf(kind, peer, { results, isOwn: peer === baimo }))
  const unable = field.peers.filter((peer) => !able.includes(peer))
  for (const { name } of unable)
    rows.push({
      what: `${kind.name}, ${name}: its install passes no stream`,
      value: null,
      unit: '',
    })
  rows.push(spreadRow(database, { what: `${kind.name}, PostgreSQL of Baimo: CPU`, unit: 'µs' }))
  rows.push(...ratiosOf(kind, own, results))
  return { rows, baimoCpuMicros: median(own.cpu) }
}

function emptyResults(): Results {
  return { cpu: [], perSecond: [], busyMs: [], p50: [], endP50: [], all: [] }
}

function isSlow({ name }: Peer): boolean {
  return name === 'Portkey'
}

/** V8 goes on compiling for some 25,000 requests, and its threads' time is the process's. */
function warmUpOf(peer: Peer, { kind, isQuick }: Field): { connections: number; count: number } {
  const isShort = isQuick || isSlow(peer)
  const count = kind.chunks === 0 ? (isShort ? 1_000 : 30_000) : isShort ? 100 : 2_000
  return { connections: CONNECTIONS, count }
}

/** A load for a peer. */
export function loadOf(
  peer: Peer,
  kind: Kind,
  size: { readonly connections: number; readonly count: number; readonly warmUp?: number },
): Load {
  const isStream = kind.chunks > 0
  const body = JSON.stringify({
    model: 'bench-model',
    ...(isStream ? { stream: true } : {}),
    messages: [
      { role: 'system', content: 'You are a helpful assistant. '.repeat(8) },
      { role: 'user', content: `Say ${kind.chunks} chunks.` },
    ],
  })
  const headers = {
    host: `127.0.0.1:${peer.port}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    accept: '*/*',
    ...peer.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const request = `POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n${body}`
  const { connections, count, warmUp = 0 } = size
  return { port: peer.port, request, isStream, connections, count, warmUp }
}

/** Blocks of requests at one connection: every peer in each round, in an order drawn anew. */
async function measureLatency(field: Field, all: ReadonlyMap<Peer, Results>): Promise<void> {
  const { generator, isQuick } = field
  const kind = field.kind.chunks === 0 ? field.kind : { ...field.kind, chunks: LATENCY_CHUNKS }
  const rounds = isQuick ? 8 : 40
  for (let round = 0; round < rounds; round += 1) {
    for (const [peer, results] of shuffled([...all])) {
      const load = loadOf(peer, kind, { connections: 1, count: isSlow(peer) ? 15 : 40, warmUp: 5 })
      const timings = await generator.run(load)
      const until = kind.chunks === 0 ? timings.totalMs : timings.firstMs
      results.p50.push(median(until))
      results.endP50.push(median(timings.totalMs))
      results.all.push(...until)
    }
  }
}

async function measureLoad(
  field: Field,
  all: ReadonlyMap<Peer, Results>,
  database: number[],
): Promise<void> {
  const { generator, kind, isQuick, baimo } = field
  const rounds = isQuick ? 2 : 7
  const family = baimo.databasePid === null ? [] : familyOf(baimo.databasePid)
  const spentOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0)
  for (let round = 0; round < rounds; round += 1) {
    for (const [peer, results] of shuffled([...all])) {
      const count = sizeOf(peer, kind)
      const before = peer.pid === null ? 0 : cpuMicros(peer.pid)
      const databaseBefore = spentOf(family)
      const timings = await generator.run(loadOf(peer, kind, { connections: CONNECTIONS, count }))
      if (peer.pid !== null) results.cpu.push((cpuMicros(peer.pid) - before) / count)
      if (peer === baimo) database.push((spentOf(family) - databaseBefore) / count)
      results.perSecond.push((count / timings.wallMs) * 1_000)
      results.busyMs.push(...tailOf(timings))
    }
  }
}

/** Enough for a good half second of the peer's processor time. */
function sizeOf(peer: Peer, kind: Kind): number {
  if (kind.chunks > 0) return isSlow(peer) ? 100 : 1_000
  return isSlow(peer) ? 400 : 8_000
}

function tailOf({ totalMs }: Timings): number[] {
  return Array.from(totalMs)
}

function shuffled<Item>(items: Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

function rowsOf(
  kind: Kind,
  peer: Peer,
  { results, isOwn }: { results: ReadonlyMap<Peer, Results>; isOwn: boolean },
): Row[] {
  const own = results.get(peer) ?? emptyResults()
  const direct = [...results].find(([{ name }]) => name === 'direct')?.[1] ?? emptyResults()
  const what = `${kind.name}, ${peer.name}`
  const rows: Row[] = [
    spreadRow(own.perSecond, {
      what: `${what}: at ${CONNECTIONS} connections`,
      unit: 'requests/s',
    }),
    {
      what: `${what}: p99 at ${CONNECTIONS} connections`,
      value: quantile(own.busyMs, 0.99),
      unit: 'ms',
    },
  ]
  const until = kind.chunks === 0 ? 'its end' : 'its first byte'
  if (peer.name === 'direct') {
    const about = { what: `${what}: p50 to ${until}, 1 connection`, unit: 'ms' }
    return [...rows, spreadRow(own.p50, about)]
  }
  const goals = isOwn ? kind.goals : undefined
  const cpu = { what: `${what}: CPU a request, ${CONNECTIONS} connections`, unit: 'µs' }
  rows.unshift(spreadRow(own.cpu, { ...cpu, ...goalOf(goals?.cpuMicros) }))
  const added = own.p50.map((value, round) => value - (direct.p50[round] ?? Number.NaN))
  const p50 = { what: `${what}: added to ${until}, p50, 1 connection`, unit: 'ms' }
  rows.push(spreadRow(added, { ...p50, ...goalOf(goals?.addedMs) }))
  const tail = quantile(own.all, 0.99) - quantile(direct.all, 0.99)
  rows.push({ what: `${what}: added to ${until}, p99, 1 connection`, value: tail, unit: 'ms' })
  if (kind.chunks === 0) return rows
  const addedEnd = own.endP50.map((value, round) => value - (direct.endP50[round] ?? Number.NaN))
  rows.push(spreadRow(addedEnd, { what: `${what}: added to its end, p50`, unit: 'ms' }))
  return rows
}

function goalOf(goal: number | undefined): { goal?: number } {
  return goal === undefined ? {} : { goal }
}

/** Baimo over each peer, round by round; over Portkey the other way round. */
function ratiosOf(kind: Kind, own: Results, results: ReadonlyMap<Peer, Results>): Row[] {
  return [...results].flatMap(([peer, { cpu }]) => {
    if (peer.pid === null || cpu === own.cpu) return []
    const isSlower = isSlow(peer)
    const names = isSlower ? `${peer.name} / Baimo` : `Baimo / ${peer.name}`
    const ratios = cpu.map((theirs, round) => {
      const ours = own.cpu[round] ?? Number.NaN
      return isSlower ? theirs / ours : ours / theirs
    })
    return [spreadRow(ratios, { what: `${kind.name}: CPU, ${names}`, unit: 'ratio' })]
  })
}
