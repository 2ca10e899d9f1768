import { type Command, InvalidArgumentError } from 'commander'
import type { ListingAnswer, UsageAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { formatAmount, formatCost, sumAmounts } from './format-cost.ts'
import { readWhole } from './read-options.ts'
import { readSince } from './read-since.ts'
import { BAIMO, count, formatWhole, UNKNOWN } from './words.ts'

const MOST = 100_000
const PAGE = 1_000

const HELP = `
Newest first: your own requests; for admins those of their organisation. Times
are UTC. AT is the provider that answered, IN and OUT are tokens; ~ marks those
that are estimated, as the provider told none.

  ${BAIMO} usage --since 24h
  ${BAIMO} usage --since 2026-11-01 --limit 1000 --json`

interface UsageOptions extends CommonOptions {
  readonly since?: Date
  readonly limit: number
}

export function addUsageCommand(program: Command, desk: Desk): void {
  const command = program
    .command('usage')
    .description('what was asked, of what, with tokens and outcome')
    .option('--since <time>', 'such as 90min, 24h, 7d, a date or an ISO time', sinceNow)
    .option('--limit <count>', 'at most so many', readWhole(1, MOST), 20)
    .addHelpText('after', HELP)
  withJson(command).action(async (options: UsageOptions) => {
    const market = desk.market()
    const { rows, isAll } = await readUsage(market, options)
    if (options.json === true) return printJson(desk.terminal, { data: rows })
    if (rows.length === 0) return printLines(desk.terminal, 'No requests.')
    const listings = await market.list<ListingAnswer>('/api/listings')
    const places = new Map(listings.map(({ id, provider }) => [id, provider.name ?? UNKNOWN]))
    const shown = rows.map((row) => usageRow(row, places))
    printTable(desk.terminal, COLUMNS, shown, '')
    printLines(desk.terminal, '', ...describeTotals(rows, isAll))
  })
}

function sinceNow(text: string): Date {
  const since = readSince(text, Date.now())
  if (since !== undefined) return since
  throw new InvalidArgumentError(
    'It must be a span such as 90min, 24h or 7d, a date such as 2026-11-01, or an ISO time.',
  )
}

async function readUsage(
  market: MarketClient,
  { since, limit }: UsageOptions,
): Promise<{ readonly rows: UsageAnswer[]; readonly isAll: boolean }> {
  const rows: UsageAnswer[] = []
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE, limit - rows.length)) })
    if (since !== undefined) query.set('since', since.toISOString())
    if (cursor !== null) query.set('cursor', cursor)
    const page: UsagePage = await market.get(`/api/usage?${query}`)
    rows.push(...page.data)
    cursor = page.next_cursor
  } while (cursor !== null && rows.length < limit)
  return { rows, isAll: cursor === null }
}

interface UsagePage {
  readonly data: readonly UsageAnswer[]
  readonly next_cursor: string | null
}

const COLUMNS = [
  { title: 'TIME', isWhole: true },
  { title: 'MODEL' },
  { title: 'AT' },
  { title: 'IN', side: 'right', isWhole: true },
  { title: 'OUT', side: 'right', isWhole: true },
  { title: 'COST', side: 'right' },
  { title: 'OUTCOME' },
  { title: 'PURPOSE' },
] as const

/** One line of the table. `places`: names of providers by listing. */
export function usageRow(row: UsageAnswer, places: ReadonlyMap<string, string>): string[] {
  const { tokens, source } = row
  const mark = source === 'estimated' ? '~' : ''
  return [
    row.started_at.slice(5, 19).replace('T', ' '),
    row.model ?? `gone (${row.model_id.slice(0, 8)}…)`,
    places.get(row.listing_id) ?? `${row.listing_id.slice(0, 8)}…`,
    `${mark}${formatWhole(inputOf(tokens))}`,
    `${mark}${formatWhole(outputOf(tokens))}`,
    `${row.cost?.known === true ? mark : ''}${formatCost(row.cost)}`,
    row.outcome.replaceAll('_', ' '),
    row.purpose,
  ]
}

function inputOf({ input, cached_input: cached, cache_write: written }: UsageAnswer['tokens']) {
  return input + cached + written
}

function outputOf({ output, reasoning }: UsageAnswer['tokens']) {
  return output + reasoning
}

/** What the rows come to, and whether there are more. */
export function describeTotals(rows: readonly UsageAnswer[], isAll: boolean): string[] {
  const sum = (of: (tokens: UsageAnswer['tokens']) => number) =>
    formatWhole(rows.reduce((all, { tokens }) => all + of(tokens), 0))
  const outcomes = [...Map.groupBy(rows, ({ outcome }) => outcome)]
    .map(([outcome, those]) => `${formatWhole(those.length)} ${outcome.replaceAll('_', ' ')}`)
    .join(', ')
  const tokens = `${sum(inputOf)} tokens in, ${sum(outputOf)} out`
  return [
    `${count(rows.length, 'request')} (${outcomes}): ${tokens}.`,
    ...describeCosts(rows),
    ...(isAll ? [] : ['There are older ones: "--limit" shows more, "--since" says from when.']),
  ]
}

/** What is known of the costs, by currency, and how many are not known. */
function describeCosts(rows: readonly UsageAnswer[]): string[] {
  const known = rows.flatMap(({ cost }) => (cost?.known === true ? [cost] : []))
  const unknown = rows.length - known.length
  const sums = [...sumAmounts(known)].map(([currency, amount]) => formatAmount(amount, currency))
  const rest = unknown === 0 ? '' : ` The cost of ${formatWhole(unknown)} is unknown.`
  return sums.length === 0 && unknown === 0 ? [] : [`Cost: ${sums.join(', ') || 'unknown'}.${rest}`]
}
