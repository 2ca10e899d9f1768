import type { Command } from 'commander'
import type { JsonObject } from '../kernel/index.ts'
import type { ReplayAnswer, RouteSettingsAnswer } from '../routing/index.ts'
import { type CommonOptions, type Desk, printJson, printLines, withJson } from './command.ts'
import { usageFailure } from './failure.ts'
import { BAIMO } from './words.ts'

const PATH = '/api/route/settings'

const HELP = `
"auto" goes to the model whose lead is certified, else to the one of the best
expected value: its share of wins times what a win is worth, less its price.
Limits hold for "auto" and its like; a price is that of 1,000 tokens in, 500 out.
"none" takes a limit away.

  ${BAIMO} route set --exploration 2%
  ${BAIMO} route set --max-price 0.02 --max-first-byte 3000 --win-value 0.10`

interface SetOptions extends CommonOptions {
  readonly exploration?: string
  readonly maxPrice?: string
  readonly maxFirstByte?: string
  readonly winValue?: string
}

export function addRouteCommand(program: Command, desk: Desk): void {
  const route = program
    .command('route')
    .description('where requests to "auto" go: show, set, replay')
    .addHelpText('after', HELP)
  const show = route.command('show', { isDefault: true }).description('the settings')
  withJson(show).action(async (options: CommonOptions) => {
    print(desk, options, await desk.market().get<RouteSettingsAnswer>(PATH))
  })
  const set = route
    .command('set')
    .description('set shares and limits, as an owner of your organisation')
    .option('--exploration <share>', 'of requests, that go where votes are needed: 5% or 0.05')
    .option('--max-price <amount>', 'of a typical request, in the market’s currency')
    .option('--max-first-byte <ms>', 'median wait for the first byte')
    .option('--win-value <amount>', 'what it is worth that the preferred answer is given')
  withJson(set).action(async (options: SetOptions) => {
    const body = composeSettings(options)
    print(desk, options, await desk.market().call<RouteSettingsAnswer>('PATCH', PATH, { body }))
  })
  addReplay(route, desk)
}

function addReplay(route: Command, desk: Desk): void {
  const command = route
    .command('replay')
    .description('what a policy would have won and cost on past battles, with 95 % intervals')
    .option('--policy <name>', 'auto, auto:cheap, auto:fast or auto:open', 'auto')
    .option('--days <count>', 'how far back', '90')
  withJson(command).action(async (options: CommonOptions & { policy: string; days: string }) => {
    const query = new URLSearchParams({ policy: options.policy, days: options.days })
    const answer = await desk.market().get<ReplayAnswer>(`/api/route/replay?${query}`)
    if (options.json === true) return printJson(desk.terminal, answer)
    printLines(desk.terminal, ...replayLines(answer))
  })
}

/** A replay for a person. */
export function replayLines(replay: ReplayAnswer): string[] {
  const { win_share: share, cost, chosen, currency } = replay
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
  const money = (value: number): string => `${Number(value.toPrecision(4))} ${currency}`
  const models = chosen.map(({ model, battles }) => `${model} (${battles})`)
  const within = (of: { low: number; high: number }, show: (value: number) => string): string =>
    `${show(of.low)} to ${show(of.high)}`
  return [
    `${replay.policy} on ${replay.battles_replayed} battles of ${replay.days} days: ${models.join(', ') || 'no model'}`,
    share === null
      ? 'Wins: too few battles of its models to tell'
      : `Wins: ${percent(share.value)} (${within(share, percent)}), by ${replay.battles} battles`,
    cost === null
      ? 'Cost of an answer: unknown'
      : `Cost of an answer: ${money(cost.value)} (${within(cost, money)})`,
    ...(replay.cost_unknown > 0 ? [`Of ${replay.cost_unknown} the cost is unknown.`] : []),
    'What is made of these votes itself looks better here than it will be.',
  ]
}

/** The body of the change. Fails on what is no number, and where nothing is to be changed. */
export function composeSettings(options: SetOptions): JsonObject {
  const body: Record<string, number | null> = {}
  if (options.exploration !== undefined) body.exploration_share = readShare(options.exploration)
  if (options.maxPrice !== undefined) body.max_price = readAmount('--max-price', options.maxPrice)
  if (options.maxFirstByte !== undefined)
    body.max_first_byte_ms = readAmount('--max-first-byte', options.maxFirstByte)
  if (options.winValue !== undefined) body.win_value = readAmount('--win-value', options.winValue)
  if (Object.keys(body).length > 0) return body
  throw usageFailure('Say what to set: --exploration, --max-price, --max-first-byte, --win-value.')
}

/** `5%` and `0.05` are the same. */
export function readShare(text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const share = Number(digits) / (percent === '%' ? 100 : 1)
  if (digits !== undefined && share <= 1) return share
  throw usageFailure(`A share is from 0 to 1, or from 0% to 100%, not "${text}".`)
}

function readAmount(option: string, text: string): number | null {
  if (text === 'none') return null
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw usageFailure(`${option} takes a number, or none, not "${text}".`)
}

function print({ terminal }: Desk, options: CommonOptions, answer: RouteSettingsAnswer): void {
  if (options.json === true) {
    printJson(terminal, answer)
    return
  }
  const amount = (value: number | null, none: string): string =>
    value === null ? none : `${value} ${answer.currency}`
  const wait = answer.max_first_byte_ms
  printLines(
    terminal,
    `Exploration: ${Number((answer.exploration_share * 100).toFixed(4))} % of requests to "auto"`,
    `Price of a typical request: ${amount(answer.max_price, 'no limit')}`,
    `Median wait for the first byte: ${wait === null ? 'no limit' : `${wait} ms`}`,
    `A win is worth: ${amount(answer.win_value, '0.05 USD, as nothing is set')}`,
  )
}
