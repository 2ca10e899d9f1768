// How long it takes from counts of votes to a board with intervals, and how exact it is.
//   npm run -s bench -- ratings [--json]
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import {
  claimBoard,
  fitRatings,
  type PairCounts,
  rankModels,
  rateBoard,
  ratingOf,
  type Votes,
} from '../src/ratings/index.ts'
import { arenaShaped } from '../tests/support/arena-shaped.ts'
import { readExactArena, votesIn } from '../tests/support/golden-fits.ts'
import { readArenaPairs } from '../tests/support/shared-data.ts'
import { median, printReport, type Row, spreadRow } from './support/report.ts'

const ROUNDS = 7
const WARM_UP = 10
const MILLION = 1e6

/**
 * What others took for the same 1,670,250 votes, on 2 shared cores with Python 3.11, in ms.
 * Reference timings: they were not run beside ours.
 */
const REFERENCE_MS = { arenaRank: 2_054, fastChatBootstrap: 15_485, fastChatFit: 2_089 }

const real = readArenaPairs()
const arena = real ?? arenaShaped(1)
const large = arenaShaped(2, { models: 300, pairs: 44_850, votes: 10 * MILLION })
const boardMs = measure(() => rateBoard(votesOf(arena)))
printReport('ratings', [
  ...timeRows(boardMs),
  ...freshRows(),
  ...claimRows(),
  ...exactRows(),
  ...referenceRows(median(boardMs)),
])

function votesOf(pairs: PairCounts): Votes {
  return { pairs, raters: null, prompts: null }
}

function nameOf(pairs: PairCounts): string {
  const votes = (votesIn(pairs) / MILLION).toFixed(2)
  const origin = pairs === real ? 'real' : 'seeded'
  return `${votes} M ${origin} votes, ${pairs.models.length} models`
}

/** Milliseconds of several warm runs. */
function measure(run: () => unknown): number[] {
  for (let round = 0; round < WARM_UP; round += 1) run()
  return Array.from({ length: ROUNDS }, () => {
    const beganMs = performance.now()
    run()
    return performance.now() - beganMs
  })
}

function timeRows(arenaMs: readonly number[]): Row[] {
  const start = fitRatings(large)
  const about = { unit: 'ms' }
  return [
    spreadRow(arenaMs, { ...about, what: `${nameOf(arena)}: counts → board, warm`, goal: 100 }),
    spreadRow(
      measure(() => rateBoard(votesOf(large))),
      { ...about, what: `${nameOf(large)}: counts → board, warm` },
    ),
    spreadRow(
      measure(() => rateBoard(votesOf(large), { start })),
      { ...about, what: `${nameOf(large)}: from the last board, warm` },
    ),
  ]
}

/** The first board of a process, whose code nobody has run before. */
function freshRows(): Row[] {
  const runs = Array.from({ length: ROUNDS }, () => {
    const program = join(import.meta.dirname, 'support/rate-once.ts')
    const printed = execFileSync(process.execPath, [program], { encoding: 'utf8' })
    return JSON.parse(printed) as { wallMs: number; processorMs: number }
  })
  const what = `${nameOf(arena)}: the first board of a process`
  return [
    spreadRow(
      runs.map(({ wallMs }) => wallMs),
      { what, unit: 'ms', goal: 150 },
    ),
    spreadRow(
      runs.map(({ processorMs }) => processorMs),
      { what: `${what}: what it computed`, unit: 'ms' },
    ),
    spreadRow(
      runs.map(({ wallMs, processorMs }) => wallMs - processorMs),
      { what: `${what}: what it waited for a processor`, unit: 'ms' },
    ),
  ]
}

function claimRows(): Row[] {
  const board = rateBoard(votesOf(arena))
  const runs = measure(() => rankModels(board.fit, claimBoard(board)))
  return [spreadRow(runs, { what: `${nameOf(arena)}: claims and tiers`, unit: 'ms', goal: 1_000 })]
}

function exactRows(): Row[] {
  const exact = real === null ? null : readExactArena()
  const { theta, pairs, gradientNorm } = fitRatings(arena, { method: 'mle' })
  const gaps = pairs.models.map((model, i) =>
    Math.abs(ratingOf(theta[i] ?? Number.NaN) - (exact?.[model]?.rating ?? Number.NaN)),
  )
  const seeded = fitRatings(arenaShaped(1))
  const there = exact === null ? ' (the votes are not here)' : ''
  return [
    {
      what: `plain optimum: farthest from the exact one${there}`,
      value: exact === null ? null : Math.max(...gaps),
      unit: 'points',
      goal: 1e-4,
    },
    {
      what: 'plain optimum: largest part of the gradient',
      value: gradientNorm,
      unit: '',
      goal: 1e-9,
    },
    {
      what: 'penalised, seeded votes: largest part of the gradient',
      value: seeded.gradientNorm,
      unit: '',
      goal: 1e-9,
    },
  ]
}

function referenceRows(oursMs: number): Row[] {
  const row = (who: string, theirsMs: number): Row[] => [
    { what: `${who} (reference timing, another machine)`, value: theirsMs, unit: 'ms' },
    { what: `ours, in that of ${who}`, value: oursMs / theirsMs, unit: '×' },
  ]
  return [
    ...row('arena-rank: fit and intervals, warm', REFERENCE_MS.arenaRank),
    ...row('FastChat: fit alone, without intervals', REFERENCE_MS.fastChatFit),
    ...row('FastChat: 100 bootstraps, 2 processes', REFERENCE_MS.fastChatBootstrap),
  ]
}
