import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { packageRoot } from '../config.ts'
import { type Log, silentLog } from '../kernel/index.ts'
import type { Assertion, Played, WorldSize } from '../sim/index.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { EXIT, Failure } from './failure.ts'
import { openProgress, type Progress } from './progress.ts'
import { readWhole } from './read-options.ts'
import {
  assertionRows,
  autoRows,
  boardRows,
  describeDays,
  describeDrift,
} from './sim/format-story.ts'
import type { Terminal } from './terminal.ts'
import { BAIMO } from './words.ts'

interface SimOptions extends CommonOptions, WorldSize {
  readonly seeds: number
}

const HELP = `
People with hidden tastes, few of whom vote a lot, vote on models of known strength and
price, through the real arena, boards, retirement and routing, on a database of its own.
Then what the market says is held against what is true. The same seed, the same story.
Exit code 1: something did not come true.
  ${BAIMO} sim --seed 7 --people 60 --models 12 --days 30 --votes 4000
  ${BAIMO} sim --seed 1 --seeds 10    ten worlds, judged together`

/** `baimo sim`: the market in miniature. */
export function addSimCommand(program: Command, desk: Desk): void {
  const command = program
    .command('sim')
    .description('play a market whose truth is known, and see whether it finds it out')
    .option('--seed <n>', 'which world', readWhole(0, 2 ** 31), 1)
    .option('--seeds <n>', 'how many worlds, from that one on', readWhole(1, 1_000), 1)
    .option('--people <n>', 'who votes', readWhole(5, 10_000), 60)
    .option('--models <n>', 'who is voted on', readWhole(3, 99), 12)
    .option('--days <n>', 'how long', readWhole(1, 1_000), 30)
    .option('--votes <n>', 'how many votes in all', readWhole(10, 1_000_000), 4_000)
    .addHelpText('after', HELP)
  withJson(command).action(async (options: SimOptions) => {
    const played = await playAll(options, desk.terminal)
    const { judgeOutcome } = await import('../sim/index.ts')
    const assertions = judgeOutcome(played)
    if (options.json === true)
      printJson(desk.terminal, { stories: played.map(({ story }) => story), assertions })
    else printStories(desk.terminal, played, assertions)
    if (assertions.some(({ isMet }) => !isMet)) throw new Failure('', { exitCode: EXIT.failed })
  })
}

async function playAll(options: SimOptions, terminal: Terminal): Promise<Played[]> {
  const progress = openProgress(terminal, { isSilent: options.json === true, shownAfterMs: 0 })
  try {
    const played: Played[] = []
    for (let at = 0; at < options.seeds; at++) {
      const { people, models, days, votes } = options
      const size = { seed: options.seed + at, people, models, days, votes }
      played.push(await playOne(size, progress, warningLog(terminal)))
    }
    return played
  } finally {
    progress.end()
  }
}

async function playOne(size: WorldSize, progress: Progress, log: Log): Promise<Played> {
  // Loaded here, so that no other command waits for it.
  const { openSimMarket, planWorld, playWorld } = await import('../sim/index.ts')
  const home = mkdtempSync(join(tmpdir(), 'baimo-sim-'))
  try {
    progress.say(`World ${size.seed}: opening a database`)
    const isBundle = !import.meta.url.endsWith('.ts')
    const workerPath = isBundle
      ? join(packageRoot, 'build', 'rating-worker.js')
      : join(packageRoot, 'src/boards/rating-worker.ts')
    const market = await openSimMarket({ home, workerPath, log })
    try {
      const world = planWorld(size)
      const story = await playWorld(world, market, (day) =>
        progress.say(`World ${size.seed} ${bar(day / size.days)} day ${day} of ${size.days}`),
      )
      return { world, story }
    } finally {
      await market.close()
    }
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  }
}

const BAR_CELLS = 20

function bar(share: number): string {
  const full = Math.floor(share * BAR_CELLS)
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}

/** What goes wrong inside is told where it does not mix with the answer. */
function warningLog(terminal: Terminal): Log {
  const tell = (fields: object, words: string): void =>
    terminal.err(`${words} ${JSON.stringify(fields)}\n`)
  return { ...silentLog, warn: tell, error: tell }
}

function printStories(
  terminal: Terminal,
  played: readonly Played[],
  assertions: readonly Assertion[],
): void {
  for (const one of played) {
    const { seed, people, models, votes } = one.story.size
    printLines(terminal, `World ${seed}: ${people} people, ${models} models, ${votes} votes`)
    printLines(terminal, ...describeDays(one), '')
    printTable(terminal, BOARD_COLUMNS, boardRows(one), 'Not all models can be compared.')
    printLines(terminal, '', ...[describeDrift(one)].filter(Boolean))
    printTable(terminal, AUTO_COLUMNS, autoRows(one), '')
    printLines(terminal, '')
  }
  printTable(terminal, ASSERTION_COLUMNS, assertionRows(assertions), '')
}

const right = (title: string) => ({ title, side: 'right' }) as const
const BOARD_COLUMNS = [
  ...[{ title: 'model', isWhole: true }, right('usd'), right('truth'), right('rating')],
  ...[{ title: '95 %' }, right('votes'), { title: '' }],
]
const AUTO_COLUMNS = [
  ...[{ title: 'asked' }, { title: 'auto picks' }, { title: 'best' }, right('lost')],
  { title: 'why' },
]
const ASSERTION_COLUMNS = [
  ...[{ title: 'true' }, { title: 'what must come true' }, right('figure'), right('bound')],
  { title: 'over' },
]
