import { cpus } from 'node:os'

export interface Row {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** At most this is good; absent: there is no goal. */
  readonly goal?: number
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Prints a bench's rows: a table, or with `--json` one object on standard output. */
export function printReport(bench: string, rows: readonly Row[]): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`
  const judged = rows.map((row) => ({
    ...row,
    goal: row.goal ?? null,
    met: row.goal === undefined ? null : row.value <= row.goal,
  }))
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ bench, machine, rows: judged }))
    return
  }
  console.log(`${bench} on ${machine}`)
  for (const row of judged) {
    const value = `${row.value.toPrecision(3)} ${row.unit}`
    const goal = row.goal === null ? '' : `goal ≤ ${row.goal}${row.met ? '' : '  MISSED'}`
    console.log(`  ${row.what.padEnd(52)} ${value.padStart(12)}  ${goal}`)
  }
}
