// edge: the child process: llama.cpp behind an HTTP server on a private socket.
import { chmodSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { systemClock } from '../../kernel/index.ts'
import type { Order, Report } from '../types.ts'
import { loadLlama } from './load-llama.ts'
import { ModelPool } from './model-pool.ts'
import { createEngineServer } from './serve.ts'

const STATUS_EVERY_MS = 1_000
const STATUS_AFTER_MS = 20

const send = (report: Report) => {
  if (process.connected) process.send?.(report)
}
const describe = (error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
const logError = (what: string) => (error: unknown) =>
  send({ kind: 'log', level: 'error', message: `${what}: ${describe(error)}` })

/** Tells the parent what is going on: soon after a change, and every second for the memory. */
function reportStatus(pool: ModelPool): () => void {
  let isDue = false
  const report = () => {
    isDue = false
    const loaded = pool.loadedModels()
    const lines = loaded.flatMap((m) => [m.line, m.embeddingLine])
    send({
      kind: 'status',
      status: {
        loaded: loaded.map((m) => m.name),
        loading: pool.loadingNames(),
        queueLength: lines.reduce((sum, line) => sum + line.waitingCount, 0),
        runningCount: lines.reduce((sum, line) => sum + line.runningCount, 0),
        memoryBytes: process.memoryUsage.rss(),
      },
    })
  }
  setInterval(report, STATUS_EVERY_MS)
  return () => {
    if (isDue) return
    isDue = true
    setTimeout(report, STATUS_AFTER_MS)
  }
}

function listen(server: Server, socketPath: string): Promise<void> {
  const isPipe = process.platform === 'win32'
  if (!isPipe) rmSync(socketPath, { force: true }) // a killed predecessor leaves it behind
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => {
      if (!isPipe) chmodSync(socketPath, 0o600)
      resolve()
    })
  })
}

/** A grammar that llama.cpp refuses is a request's fault: the request is told, the log is not. */
const levelOf = (level: string, message: string) =>
  level === 'error' && !/grammar/i.test(message) ? 'error' : 'debug'

async function start(order: Order & { kind: 'configure' }) {
  const runtime = await loadLlama(order.engineFolder, {
    threads: order.limits.threads,
    onLog: (level, message) => send({ kind: 'log', level: levelOf(level, message), message }),
  })
  let onChange = () => {}
  const pool = new ModelPool({
    runtime,
    limits: order.limits,
    clock: systemClock,
    onChange: () => onChange(),
    onFailure: logError('a model could not be unloaded'),
  })
  for (const model of order.models) pool.register(model)
  onChange = reportStatus(pool)
  const server = createEngineServer({
    pool,
    clock: systemClock,
    version: runtime.version,
    onChange: () => onChange(),
    onFailure: logError('a request failed'),
  })
  await listen(server, order.socketPath)
  send({ kind: 'ready' })
  return { pool, server }
}

/** Leaves without the destructors of native code, which wait for work that nobody wants. */
const leaveAtOnce = () => process.kill(process.pid, 'SIGKILL')

function main() {
  let starting: ReturnType<typeof start> | undefined
  async function obey(order: Order) {
    if (order.kind === 'configure') starting = start(order)
    const running = await starting // orders that come early wait for the start
    if (order.kind === 'register') running?.pool.register(order.model)
    else if (order.kind === 'unregister') running?.pool.unregister(order.name)
    else if (order.kind === 'close') {
      running?.server.close()
      await running?.pool.close()
      process.exit(0)
    }
  }
  process.umask(0o077)
  process.on('disconnect', leaveAtOnce) // the parent is gone
  process.on('message', (order: Order) => {
    obey(order).catch((error: unknown) => {
      send({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
      logError('the engine could not start')(error)
      setTimeout(() => process.exit(1), 50) // time for the report to leave
    })
  })
}

main()
