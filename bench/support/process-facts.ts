import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A tick of /proc on Linux is 10 ms on every machine that Node runs on. */
const TICK_MICROS = 10_000

/** The fields of /proc/PID/stat from the third on; empty where there is none. */
function statOf(pid: number | string): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(') ') + 2).split(' ')
  } catch {
    return [] // it has ended, or this is not Linux
  }
}

/** Processor time of a process so far in µs, all its threads, user and system. */
export function cpuMicros(pid: number): number {
  const fields = statOf(pid)
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MICROS
}

/** A process and its children. */
export function familyOf(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => statOf(name)[1] === String(pid))
  return [pid, ...children.map(Number)]
}

/** Resident memory in MB now, and at its highest so far. */
export function memoryMb(pid: number): { now: number; highest: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024
  return { now: read('VmRSS'), highest: read('VmHWM') }
}

/** The share of all processors that was busy during the time given: 0 to 1. */
export async function busyShare(ms: number): Promise<number> {
  const before = readTotals()
  await sleep(ms)
  const after = readTotals()
  const all = after.all - before.all
  return all === 0 ? 0 : 1 - (after.idle - before.idle) / all
}

function readTotals(): { all: number; idle: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number)
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0)
  return { all: fields.reduce((sum, field) => sum + field, 0), idle }
}
