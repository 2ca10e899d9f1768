import { type Command, InvalidArgumentError, Option } from 'commander'
import type { UsageTotalsAnswer } from '../metering/index.ts'
import type { UsageAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { formatAmount, formatCost } from './format-cost.ts'
import { readWhole } from './read-options.ts'
import { readSince } from './read-since.ts'
import { findUsageIds, readUsageNames, type UsageNames } from './usage-names.ts'
import { BAIMO, count, formatWhole, UNKNOWN } from './words.ts'

const MOST = 100_000
const PAGE = 1_000

const HELP = `
Newest first: your own requests; for admins those of their organisation; with a
key that has not the scope usage, those of the key. Times are UTC. AT is the
provider that answered, IN and OUT are tokens; ~ marks those that are
estimated, as the provider told none. Sums are of all that fits, in your
currency ("${BAIMO} exchange currency").

  ${BAIMO} usage --since 24h
  ${BAIMO} usage --since 7d --by model
  ${BAIMO} usage --key laptop --outcome upstream_error
  ${BAIMO} usage --since 2026-11-01 --limit 1000 --json`

const OUTCOMES = ['answered', 'aborted', 'upstream_error']
const GROUPS = ['model', 'key', 'day'] as const

interface UsageOptions extends CommonOptions {
  readonly since?: Date
  readonly limit: number
  readonly key?: string
  readonly model?: string
  readonly outcome?: string
  readonly by?: (typeof GROUPS)[number]
}

export function addUsageCommand(program: Command, desk: Desk): void {
  const command = program
    .command('usage')
    .description('what was asked, of what, by which key, with tokens, cost and outcome')
    .option('--since <time>', 'such as 90min, 24h, 7d, a date or an ISO time', sinceNow)
    .option('--limit <count>', 'at most so many', readWhole(1, MOST), 20)
    .option('--key <key>', 'of this key alone: its name, first characters or id')
    .option('--model <name>', 'of this model alone')
    .addOption(new Option('--outcome <outcome>', 'that ended so').choices(OUTCOMES))
    .addOption(new Option('--by <group>', 'sums alone, for each of these').choices(GROUPS))
    .addHelpText('after', HELP)
  withJson(command).action(async (options: UsageOptions) => {
    const market = desk.market()
    const filter = await readFilter(market, options)
    if (options.by !== undefined) return printGroups(desk, market, { filter, options })
    const { rows, isAll } = await readUsage(market, filter, options.limit)
    if (options.json === true) return printJson(desk.terminal, { data: rows })
    if (rows.length === 0) return printLines(desk.terminal, 'No requests.')
    const names = await readUsageNames(market)
    const table = usageTable(rows, names)
    printTable(desk.terminal, table.columns, table.cells, '')
    const { total } = await readTotals(market, filter)
    printLines(desk.terminal, '', ...describeTotals(total, rows, isAll))
  })
}

function sinceNow(text: string): Date {
  const since = readSince(text, Date.now())
  if (since !== undefined) return since
  throw new InvalidArgumentError(
    'It must be a span such as 90min, 24h or 7d, a date such as 2026-11-01, or an ISO time.',
  )
}

/** What both the list and the sums are asked for. */
async function readFilter(market: MarketClient, options: UsageOptions): Promise<URLSearchParams> {
  const { since, outcome } = options
  const filter = new URLSearchParams()
  if (since !== undefined) filter.set('since', since.toISOString())
  if (outcome !== undefined) filter.set('outcome', outcome)
  const { keyId, modelId } = await findUsageIds(market, options)
  if (keyId !== null) filter.set('key_id', keyId)
  if (modelId !== null) filter.set('model_id', modelId)
  return filter
}

async function readUsage(
  market: MarketClient,
  filter: URLSearchParams,
  limit: number,
): Promise<{ readonly rows: UsageAnswer[]; readonly isAll: boolean }> {
  const rows: UsageAnswer[] = []
  let cursor: string | null = null
  do {
    const query = new URLSearchParams(filter)
    query.set('limit', String(Math.min(PAGE, limit - rows.length)))
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

function readTotals(market: MarketClient, filter: URLSearchParams): Promise<UsageTotalsAnswer> {
  return market.get<UsageTotalsAnswer>(`/api/usage/totals?${filter}`)
}

/** A table of requests: without columns that would say the same of each, or nothing. */
export function usageTable(rows: readonly UsageAnswer[], names: UsageNames) {
  const hasPlaces = names.places !== null
  const hasPurpose = rows.some(({ purpose }) => purpose !== 'use')
  const columns = [
    { title: 'TIME', isWhole: true },
    { title: 'MODEL' },
    ...(hasPlaces ? [{ title: 'AT' }] : []),
    { title: 'KEY' },
    { title: 'IN', side: 'right', isWhole: true },
    { title: 'OUT', side: 'right', isWhole: true },
    { title: 'COST', side: 'right' },
    { title: 'OUTCOME' },
    ...(hasPurpose ? [{ title: 'PURPOSE' }] : []),
  ] as const
  const cells = rows.map((row) => {
    const { tokens, source } = row
    const mark = source === 'estimated' ? '~' : ''
    return [
      row.started_at.slice(5, 19).replace('T', ' '),
      row.model ?? `gone (${row.model_id.slice(0, 8)}…)`,
      ...(hasPlaces ? [names.places?.get(row.listing_id) ?? short(row.listing_id)] : []),
      nameKey(row.key_id, names),
      `${mark}${formatWhole(inputOf(tokens))}`,
      `${mark}${formatWhole(outputOf(tokens))}`,
      `${row.cost?.known === true ? mark : ''}${formatCost(row.cost)}`,
      row.outcome.replaceAll('_', ' '),
      ...(hasPurpose ? [row.purpose] : []),
    ]
  })
  return { columns, cells }
}

function short(id: string): string {
  return `${id.slice(0, 8)}…`
}

function nameKey(id: string | null, { keys }: UsageNames): string {
  return id === null ? 'browser' : (keys.get(id) ?? short(id))
}

type Tokens = UsageAnswer['tokens']

function inputOf({ input, cached_input: cached, cache_write: written }: Tokens): number {
  return input + cached + written
}

function outputOf({ output, reasoning }: Tokens): number {
  return output + reasoning
}

/** What all that fits comes to, and whether more of it is there than is shown. */
export function describeTotals(
  total: UsageTotalsAnswer['total'],
  rows: readonly UsageAnswer[],
  isAll: boolean,
): string[] {
  const outcomes = [...Map.groupBy(rows, ({ outcome }) => outcome)]
    .map(([outcome, those]) => `${formatWhole(those.length)} ${outcome.replaceAll('_', ' ')}`)
    .join(', ')
  const shown = isAll ? outcomes : `the newest ${formatWhole(rows.length)} are shown`
  const { request_count: requests, tokens } = total
  const sums = `${formatWhole(inputOf(tokens))} tokens in, ${formatWhole(outputOf(tokens))} out`
  return [
    `${count(requests, 'request')} (${shown}): ${sums}.`,
    ...describeCosts(total),
    ...(isAll ? [] : ['There are older ones: "--limit" shows more, "--since" says from when.']),
  ]
}

/**
 * What is known of the costs, in the owner's currency, with what it was before; by currency where a
 * rate is missing. And of how many nothing is known.
 */
function describeCosts({ cost, costs, cost_unknown_count: unknown }: UsageTotalsAnswer['total']) {
  if (costs.length === 0 && unknown === 0) return []
  const parts = costs.map(({ amount, currency }) => formatAmount(amount, currency)).join(', ')
  const rest = unknown === 0 ? '' : ` The cost of ${formatWhole(unknown)} is unknown.`
  if (costs.length === 0) return [`Cost: unknown.${rest}`]
  if (cost.amount === null)
    return [
      `Cost: ${parts}.${rest}`,
      `For a sum in ${cost.currency} a rate is missing: "${BAIMO} exchange" lists those that are known.`,
    ]
  const isOwn = costs.every(({ currency }) => currency === cost.currency)
  const day = cost.rate_day === null ? '' : `, at rates of ${cost.rate_day}`
  const of = isOwn ? '' : ` (${parts}${day})`
  return [`Cost: ${formatAmount(cost.amount, cost.currency)}${of}.${rest}`]
}

async function printGroups(
  desk: Desk,
  market: MarketClient,
  { filter, options }: { filter: URLSearchParams; options: UsageOptions },
): Promise<void> {
  const by = options.by ?? 'model'
  const query = new URLSearchParams(filter)
  query.set('by', by)
  const answer = await readTotals(market, query)
  if (options.json === true) return printJson(desk.terminal, answer)
  const names = await readUsageNames(market)
  printTable(
    desk.terminal,
    [
      { title: by.toUpperCase() },
      { title: 'REQUESTS', side: 'right', isWhole: true },
      { title: 'IN', side: 'right', isWhole: true },
      { title: 'OUT', side: 'right', isWhole: true },
      { title: 'COST', side: 'right' },
      { title: 'UNKNOWN COST', side: 'right' },
    ],
    answer.data.map((group) => groupRow(group, by, names)),
    'No requests.',
  )
  if (answer.data.length > 0)
    printLines(desk.terminal, '', ...describeTotals(answer.total, [], true).map(withoutOutcomes))
}

function withoutOutcomes(line: string): string {
  return line.replace(' ():', ':')
}

/** One line of sums. */
export function groupRow(
  group: UsageTotalsAnswer['total'],
  by: (typeof GROUPS)[number],
  names: UsageNames,
): string[] {
  const { key, cost, costs, tokens } = group
  const parts = costs.map(({ amount, currency }) => formatAmount(amount, currency)).join(', ')
  const sum = cost.amount === null ? parts : formatAmount(cost.amount, cost.currency)
  const name = {
    model: () => names.models.get(key ?? '') ?? short(key ?? UNKNOWN),
    key: () => nameKey(key, names),
    day: () => key ?? UNKNOWN,
  }[by]()
  return [
    name,
    formatWhole(group.request_count),
    formatWhole(inputOf(tokens)),
    formatWhole(outputOf(tokens)),
    costs.length === 0 ? UNKNOWN : sum,
    formatWhole(group.cost_unknown_count),
  ]
}
