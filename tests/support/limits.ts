import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Taken, TakeOrder } from '../programs/take-limits.ts'

export type { Taken, TakeOrder } from '../programs/take-limits.ts'

const program = join(import.meta.dirname, '..', 'programs', 'take-limits.ts')

export interface Replica {
  readonly child: ChildProcess
  readonly order: TakeOrder
}

/** Processes of their own on one database, ready to take. */
export function startReplicas(orders: readonly TakeOrder[]): Promise<Replica[]> {
  return Promise.all(
    orders.map(async (order) => {
      const child = fork(program, [JSON.stringify(order)])
      await told(child, 'ready')
      return { child, order }
    }),
  )
}

/** Lets all of them take at once; resolves when they have. */
export async function letTake(replicas: readonly Replica[]): Promise<void> {
  await Promise.all(
    replicas.map(({ child }) => {
      const worked = told(child, 'worked')
      child.send('go')
      return worked
    }),
  )
}

/**
 * Has them give back what they do not use, and end. What each took, and with how many statements.
 */
export async function finish(
  replicas: readonly Replica[],
): Promise<{ taken: Taken[][]; statements: number[] }> {
  const ends = await Promise.all(
    replicas.map(async ({ child }) => {
      const end = told(child, 'taken')
      child.send('finish')
      const { taken, statements } = await end
      if (child.exitCode === null) await once(child, 'exit')
      return { taken: taken as Taken[], statements: Number(statements) }
    }),
  )
  return { taken: ends.map((end) => end.taken), statements: ends.map((end) => end.statements) }
}

function told(child: ChildProcess, member: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const hear = (message: Record<string, unknown>): void => {
      if (!(member in message)) return
      child.off('message', hear)
      resolve(message)
    }
    child.on('message', hear)
    child.once('exit', (code) => reject(new Error(`a replica ended with ${code}`)))
  })
}

export interface Amount {
  readonly atMs: number
  readonly amount: number
}

/** The most of `amounts` within any window that ends with one of them. */
export function mostInWindow(amounts: readonly Amount[], windowMs: number): number {
  const sorted = amounts.toSorted((one, other) => one.atMs - other.atMs)
  let from = 0
  let sum = 0
  let most = 0
  for (const { atMs, amount } of sorted) {
    sum += amount
    while ((sorted[from]?.atMs ?? atMs) <= atMs - windowMs) sum -= sorted[from++]?.amount ?? 0
    most = Math.max(most, sum)
  }
  return most
}

/** What of `amounts` lies in the window that ends at `atMs`. `sorted`: oldest first. */
export function inWindow(sorted: readonly Amount[], atMs: number, windowMs: number): number {
  let sum = 0
  for (const one of sorted) {
    if (one.atMs > atMs) break
    if (one.atMs > atMs - windowMs) sum += one.amount
  }
  return sum
}

/** The most that is left of a limit at any of these times, as `inWindow` counts, in one go. */
export function mostLeft(
  limit: number,
  {
    amounts,
    timesMs,
    windowMs,
  }: { amounts: readonly Amount[]; timesMs: readonly number[]; windowMs: number },
): number {
  const sorted = amounts.toSorted((one, other) => one.atMs - other.atMs)
  let [from, to, sum, most] = [0, 0, 0, 0]
  for (const atMs of timesMs.toSorted((one, other) => one - other)) {
    for (; (sorted[to]?.atMs ?? Infinity) <= atMs; to += 1) sum += sorted[to]?.amount ?? 0
    for (; from < to && (sorted[from]?.atMs ?? 0) <= atMs - windowMs; from += 1)
      sum -= sorted[from]?.amount ?? 0
    most = Math.max(most, limit - sum)
  }
  return most
}
