import { cpus } from 'node:os'

export interface Row {
  readonly what: string
  /** Null: there is none, as `what` says. */
  readonly value: number | null
  readonly unit: string
  /** At most this is good; absent: there is no goal. */
  readonly goal?: number
  /** The quartiles of what `value` is the median of. */
  readonly quartiles?: readonly [number, number]
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/** The value below which the given share lies, between neighbours in proportion. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort()
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

/** A row whose value is the median of several measurements, with their quartiles. */
export function spreadRow(values: readonly number[], about: Omit<Row, 'value'>): Row {
  return {
    ...about,
    value: median(values),
    quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
  }
}

/** Prints a bench's rows: a table, or with `--json` one object on standard output. */
export function printReport(bench: string, rows: readonly Row[]): void {
  const model = cpus()[0]?.model ?? 'unknown processor'
  const machine = `${cpus().length} × ${model}, Node ${process.version}`
  const judged = rows.map((row) => ({
    ...row,
    goal: row.goal ?? null,
    met: row.goal === undefined || row.value === null ? null : row.value <= row.goal,
  }))
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ bench, machine, rows: judged }))
    return
  }
  console.log(`${bench} on ${machine}`)
  const width = Math.max(...judged.map(({ what }) => what.length))
  for (const row of judged) {
    const value = row.value === null ? '–' : `${shown(row.value)} ${row.unit}`
    const spread = row.quartiles === undefined ? '' : `(${row.quartiles.map(shown).join(' to ')})`
    const goal = row.goal === null ? '' : `goal ≤ ${row.goal}${row.met ? '' : '  MISSED'}`
    console.log(`  ${row.what.padEnd(width)} ${value.padStart(14)}  ${spread.padEnd(20)} ${goal}`)
  }
}

function shown(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
