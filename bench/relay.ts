// What the relay adds: processor time, latency and requests per second through Baimo with a key
// and usage committed, beside nginx, a bare relay in Node, a prototype that commits usage and
// Portkey's gateway, in the same run.
//   npm run -s bench -- relay [--json] [--quick] [--profile] [--beside CHECKOUT] [--anyway]
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { openBaimo } from './peers/baimo.ts'
import { openBare } from './peers/bare.ts'
import { openNginx } from './peers/nginx.ts'
import type { Peer } from './peers/peer.ts'
import { openPortkey } from './peers/portkey.ts'
import { openPrototype } from './peers/prototype.ts'
import { openGenerator, openUpstream } from './support/load.ts'
import { type Kind, measureKind } from './support/measure-relay.ts'
import { busyShare, memoryMb } from './support/process-facts.ts'
import { printReport, type Row } from './support/report.ts'
import { whereTimeGoes } from './support/where-time-goes.ts'

/** Shares of all processors: above the first it is said, above the second nothing is measured. */
const WARN_BUSY = 0.05
const REFUSE_BUSY = 0.4

const KINDS: readonly Kind[] = [
  { name: 'whole answer', chunks: 0, goals: { cpuMicros: 100, addedMs: 0.6 } },
  { name: 'stream of 50 chunks', chunks: 50, goals: { cpuMicros: 800, addedMs: 0.4 } },
]

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    /** A fifth of the rounds: to see that it runs, not to quote. */
    quick: { type: 'boolean', default: false },
    /** Shows where the time goes also where goals are met, and the functions on standard error. */
    profile: { type: 'boolean', default: false },
    /** The folder of another, built checkout, measured in the same rounds. */
    beside: { type: 'string' },
    /** Measures on a busy machine, too. */
    anyway: { type: 'boolean', default: false },
  },
})

await checkMachine()
const closers: (() => unknown)[] = []
try {
  const upstream = await openUpstream()
  closers.push(upstream.stop)
  const generator = await openGenerator()
  closers.push(generator.stop)
  const baimo = await openBaimo(upstream.port)
  closers.push(baimo.stop)
  const peers: Peer[] = [
    { name: 'direct', port: upstream.port, headers: {}, pid: null, canStream: true, stop() {} },
  ]
  for (const open of [openNginx, openBare, openPrototype, openPortkey]) {
    const peer = await open(upstream.port)
    if (peer === null) continue
    peers.push(peer)
    closers.push(() => peer.stop())
  }
  if (options.beside !== undefined) {
    const other = await openBaimo(upstream.port, options.beside)
    peers.push(other)
    closers.push(other.stop)
  }
  const rows: Row[] = []
  const spent = new Map<Kind, number>()
  for (const kind of KINDS) {
    const measured = await measureKind({ generator, baimo, peers, kind, isQuick: options.quick })
    rows.push(...measured.rows)
    spent.set(kind, measured.baimoCpuMicros)
  }
  const memory = memoryMb(baimo.pid)
  rows.push({ what: 'Baimo: resident memory', value: memory.now, unit: 'MB', goal: 250 })
  rows.push({ what: 'Baimo: resident memory at its highest', value: memory.highest, unit: 'MB' })
  // Last: a process that was profiled once is slower from then on.
  for (const [kind, micros] of spent) {
    if (micros <= kind.goals.cpuMicros && !options.profile) continue
    const watched = { generator, baimo, kind, isLoud: options.profile }
    rows.push(...(await whereTimeGoes(watched, micros)))
  }
  printReport('relay', rows)
} finally {
  for (const close of closers.reverse()) await close()
}

async function checkMachine(): Promise<void> {
  const busy = await busyShare(1_000)
  if (busy < WARN_BUSY) return
  const share = `${Math.round(busy * 100)} % of ${cpus().length} processors`
  const what = `${share} were busy with other work`
  if (busy >= REFUSE_BUSY && !options.anyway) {
    process.stderr.write(`relay: ${what}. Nothing is measured; --anyway does it all the same.\n`)
    process.exit(1)
  }
  process.stderr.write(`relay: ${what}: trust ratios, not single figures.\n`)
}
