import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Market } from '../../support/market.ts'
import { readPostmaster } from '../../support/postgres.ts'

/** The processes of a market, by what they are to it. */
export interface MarketProcesses {
  postmaster(): number | null
  /** Those that serve a connection. */
  backends(): readonly number[]
  /** The engine's child. */
  engine(): number | null
}

/** Of a market on this machine; Linux only. */
export function processesOf(market: Market, seenHome = market.home): MarketProcesses {
  const postmaster = (): number | null => readPostmaster(join(seenHome, 'pg'))?.pid ?? null
  return {
    postmaster,
    backends() {
      const pid = postmaster()
      // Such as "postgres: baimo baimo [local] idle".
      return pid === null ? [] : childrenOf(pid, /^postgres: .*\[local\]/)
    },
    engine: () => childrenOf(market.process.pid ?? 0, /engine-child/)[0] ?? null,
  }
}

function childrenOf(pid: number, command: RegExp): number[] {
  try {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return pids
      .split(' ')
      .filter(Boolean)
      .map(Number)
      .filter((child) => command.test(commandOf(child)))
  } catch {
    return [] // it ended meanwhile
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // it ended meanwhile
  }
}
