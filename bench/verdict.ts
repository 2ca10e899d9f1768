// The verdict's rules on simulated markets whose truth is known, beside the figures that they were
// chosen by and beside arena-rank's formula on the same draws.
//   npm run -s bench -- verdict [--json] [--quick] [--only TEXT]
import { availableParallelism, cpus } from 'node:os'
import { experiments } from './verdict/experiments.ts'
import { type JudgedCell, judgeCells } from './verdict/judge-cells.ts'
import { runBatches } from './verdict/run-batches.ts'

const isQuick = process.argv.includes('--quick')
const only = process.argv[process.argv.indexOf('--only') + 1]
const isWanted = (table: string, names: readonly string[]): boolean =>
  !process.argv.includes('--only') ||
  [table, ...names].some((name) => only !== undefined && name.includes(only))

const beganMs = performance.now()
const wanted = experiments.map((experiment) => {
  const names = experiment.cells.flatMap((cell) => (cell === null ? [] : [cell.name]))
  return isWanted(experiment.table, names) ? experiment : { ...experiment, runs: [0, 0] as const }
})
const sums = await runBatches(wanted, { isQuick, threads: availableParallelism() })
const cells = wanted.flatMap((experiment, index) => {
  const own = sums[index]
  return own === undefined ? [] : judgeCells(experiment, own)
})
print(cells, (performance.now() - beganMs) / 1_000)

function goalOf({ recipe, error, met }: JudgedCell): string {
  if (recipe === null) return `no goal, ± ${error.toFixed(2)}`
  const named = typeof recipe === 'number' ? String(recipe) : recipe.join(' to ')
  return `recipe ${named} ± ${error.toFixed(2)}${met === false ? '  MISSED' : ''}`
}

function print(rows: readonly JudgedCell[], seconds: number): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ bench: 'verdict', machine, seconds, rows }))
    return
  }
  const missed = rows.filter(({ met }) => met === false).length
  console.log(
    `verdict on ${machine}: ${rows.length} figures in ${seconds.toFixed(0)} s, ${missed} missed`,
  )
  const width = Math.max(...rows.map(({ what }) => what.length))
  let table = ''
  for (const row of rows) {
    if (row.table !== table) console.log(`\n${row.table}`)
    table = row.table
    const beside = row.arena_rank === null ? '' : `arena-rank ${row.arena_rank.toFixed(1)}`
    const judged = `${row.value.toFixed(row.unit === 'moves' ? 2 : 1)} ${row.unit}`.padStart(12)
    const goal = goalOf(row)
    console.log(`  ${row.what.padEnd(width)} ${judged}  ${goal.padEnd(32)} ${beside}`)
  }
}
