import { expect, test } from 'vitest'
import { experiments } from '../bench/verdict/experiments.ts'
import { judgeCells } from '../bench/verdict/judge-cells.ts'
import { runBatches } from '../bench/verdict/run-batches.ts'

/** Cells that take a second or two, and how often each is run: seeded, so the same each time. */
const SAMPLE: Readonly<Record<string, number>> = {
  '30 votes a model': 90,
  '4 models, matchups 60 points apart, uniform': 30,
}

test('a sample of the verdict’s bench gives the figures that its rules were chosen by', async () => {
  const wanted = experiments.map((experiment) => {
    const names = experiment.cells.flatMap((cell) => (cell === null ? [] : [cell.name]))
    const isOfGoal = experiment.cells.some((cell) => cell !== null && cell.recipe !== null)
    const runs = isOfGoal ? (names.flatMap((name) => SAMPLE[name] ?? [])[0] ?? 0) : 0
    return { ...experiment, runs: [runs, runs] as const }
  })
  const sums = await runBatches(wanted, { isQuick: true, threads: 1, isQuiet: true })
  const cells = wanted.flatMap((experiment, at) => {
    const own = sums[at]
    return own === undefined ? [] : judgeCells(experiment, own)
  })
  expect(cells.map(({ what, met }) => [what, met])).toEqual([
    ['30 votes a model', true],
    ['4 models, matchups 60 points apart, uniform', true],
    ['4 models, matchups 60 points apart, designed', true],
    ['4 models, matchups 60 points apart, mildly chased', true],
  ])
})
