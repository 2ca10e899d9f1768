import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { openProgress, type Progress } from './progress.ts'
import { boundClaims } from './rate/bound-claims.ts'
import { formatReport } from './rate/format-report.ts'
import { readAnchor } from './rate/read-anchor.ts'
import { METHODS, type Method, type RateReport } from './rate/report.ts'
import type { Terminal } from './terminal.ts'
import { BAIMO } from './words.ts'

interface RateOptions extends CommonOptions {
  readonly method: Method
  readonly anchor?: string
}

const HELP = `
FILE is CSV or JSON lines, of votes (model_a, model_b, winner; winner is model_a,
model_b, tie or both_bad; rater and prompt_id if known) or of counts (model_a,
model_b, a_wins, b_wins, ties, both_bad; rater if known). - reads standard input.
No market is needed. docs/api/rate.md lists every column and every JSON field.

Methods: penalised is always finite; mle is the plain optimum, where there is one;
rao-kupper and davidson have ties as outcomes of their own; arena-rank is for
comparison. The last three give ratings and intervals, and make no claims.

Example:
  $ cat votes.csv
  model_a,model_b,winner,rater
  llama-3-70b,llama-3-8b,model_a,ann
  llama-3-8b,llama-3-70b,tie,bob
  $ ${BAIMO} rate votes.csv --anchor llama-3-8b=1000`

export function addRateCommand(program: Command, desk: Desk): void {
  const command = program
    .command('rate')
    .argument('<file>', 'votes or counts; - for standard input')
    .description('rate a file of votes: board, tiers, claims, and whether to trust them')
    .addOption(
      new Option('--method <name>', 'how to rate').choices(METHODS).default('penalised' as Method),
    )
    .option('--anchor <model[=points]>', 'give a model this rating (1000 without points)')
    .addHelpText('after', HELP)
  withJson(command).action(async (file: string, options: RateOptions) => {
    const { terminal } = desk
    const report = await rateFile(file, options, terminal)
    if (options.json === true) printJson(terminal, boundClaims(report))
    else printReport(terminal, report)
  })
}

async function rateFile(file: string, options: RateOptions, terminal: Terminal) {
  const progress = openProgress(terminal, { isSilent: options.json === true })
  try {
    const anchor = options.anchor === undefined ? null : readAnchor(options.anchor)
    progress.say(`Reading ${file === '-' ? 'standard input' : file}`)
    const text = file === '-' ? await readInput(terminal) : readText(file)
    // Loaded here, so that no other command waits for it.
    const [{ readVoteFile }, { rateVotes }] = await Promise.all([
      import('../ratings/index.ts'),
      import('./rate/rate-votes.ts'),
    ])
    const beganMs = performance.now()
    const votes = readVoteFile(text, { onProgress: (share) => sayShare(progress, share) })
    return rateVotes(votes, {
      method: options.method,
      anchor,
      readMs: performance.now() - beganMs,
      now: () => performance.now(),
      say: progress.say,
    })
  } finally {
    progress.end()
  }
}

const BAR_CELLS = 20
const CELL_PERCENT = 100 / BAR_CELLS

/** Reading holds the process: what is drawn must be drawn from within. */
function sayShare(progress: Progress, share: number): void {
  const full = Math.floor(share * BAR_CELLS)
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
  progress.say(`Reading votes ${bar} ${full * CELL_PERCENT} %`)
}

function readInput(terminal: Terminal): Promise<string> {
  if (terminal.isInTerminal) throw usageFailure(`Pipe votes in: ${BAIMO} rate - < votes.csv`)
  return terminal.readInput()
}

function readText(path: string): string {
  const bytes = readBytes(path)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    const isTooLong = bytes.length > MOST_CHARACTERS
    throw fileFailure(
      isTooLong
        ? `${path} has more text than can be held at once. Rate pair counts instead of votes.`
        : `${path} is not UTF-8 text. Save it as CSV or JSON lines in UTF-8.`,
      error,
    )
  }
}

/** The longest text that the engine holds. */
const MOST_CHARACTERS = 2 ** 29 - 24

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT')
      throw fileFailure(`There is no file ${path}. Give the path of votes.`, error)
    if (code === 'EISDIR') throw fileFailure(`${path} is a folder. Give a file of votes.`, error)
    const reason = error instanceof Error ? error.message : String(error)
    throw fileFailure(`${path} cannot be read: ${reason}`, error)
  }
}

function fileFailure(message: string, cause: unknown): Failure {
  return new Failure(message, { facts: { code: 'cli_file_unreadable' }, cause })
}

function printReport(terminal: Terminal, report: RateReport): void {
  for (const [at, section] of formatReport(report, terminal.columns).entries()) {
    if (at > 0) terminal.out('\n')
    if (section.kind === 'table') printTable(terminal, section.columns, section.rows, '')
    else printLines(terminal, ...section.lines)
  }
}
