// edge: reads the limits of this process, and bounds the connections of a server.
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Log } from '../kernel/index.ts'
import { boundConnections, LEAST_DESCRIPTORS, readOpenFiles } from './bound-connections.ts'
import { refuse } from './errors.ts'

/** The limit may be set while we run, as by `prlimit`. */
const LOOK_MS = 1_000
/** A flood of refused connections is one line in so long a time. */
const QUIET_MS = 10_000

/** How many files this process may have open; null where that is not known. */
function descriptorLimit(): number | null {
  if (process.platform !== 'linux') return null
  try {
    return readOpenFiles(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return null // no /proc, or no descriptor left to read it with
  }
}

/** Refuses with `http_descriptors_few` where the market could not serve. */
export function requireDescriptors(): void {
  const limit = descriptorLimit()
  if (limit === null || limit >= LEAST_DESCRIPTORS) return
  throw refuse(
    'http_descriptors_few',
    `This process may open ${limit} files, and Baimo needs ${LEAST_DESCRIPTORS}. Raise it: ulimit -n 4096.`,
  )
}

/**
 * Keeps clients from using up the descriptors: beyond the bound a new connection is closed at
 * once, and idle ones are closed to make room. Returns the way to stop.
 */
export function watchDescriptors(server: Server, log: Log): () => void {
  const look = (): void => {
    server.maxConnections = boundConnections(descriptorLimit()) ?? Number.POSITIVE_INFINITY
  }
  let quietUntilMs = 0
  server.on('drop', () => {
    server.closeIdleConnections()
    if (performance.now() < quietUntilMs) return
    quietUntilMs = performance.now() + QUIET_MS
    log.warn({ bound: server.maxConnections }, 'too many connections: new ones are refused')
  })
  look()
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}
