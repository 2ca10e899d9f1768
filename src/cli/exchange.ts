import type { Command } from 'commander'
import type { RateAnswer } from '../pricing/index.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { usageFailure } from './failure.ts'
import { findOldRates } from './old-rates.ts'
import { BAIMO } from './words.ts'

const HELP = `
Prices keep their own currency. Rates turn what they come to into yours, and
into dollars for programs. A rate of yours goes before published ones, from its
day on. Where no rate is known, sums are shown by currency.

  ${BAIMO} exchange set USD CNY 7.12 --day 2026-11-01 --source "bank statement"
  ${BAIMO} exchange set USD CNY unknown
  ${BAIMO} exchange currency EUR`

export function addExchangeCommand(program: Command, desk: Desk): void {
  const exchange = program
    .command('exchange')
    .description('exchange rates, and the currency that sums are shown in')
    .addHelpText('after', HELP)
  addList(exchange, desk)
  addSet(exchange, desk)
  addCurrency(exchange, desk)
}

function addList(exchange: Command, desk: Desk): void {
  const command = exchange
    .command('list', { isDefault: true })
    .description('all known rates, with day and source; yours first')
  withJson(command).action(async (options: CommonOptions) => {
    const market = desk.market()
    const all = await market.list<RateAnswer>('/api/exchange-rates')
    if (options.json === true) return printJson(desk.terminal, { data: all })
    printTable(
      desk.terminal,
      [
        { title: 'ONE', isWhole: true },
        { title: 'IS', side: 'right', isWhole: true },
        { title: 'SINCE', isWhole: true },
        { title: 'SOURCE' },
      ],
      all.map(({ base, quote, rate, day, source }) => [
        base,
        rate === null ? `unknown ${quote}` : `${rate} ${quote}`,
        day,
        source,
      ]),
      `No rates. Set one with "${BAIMO} exchange set USD CNY 7.12".`,
    )
    const old = await findOldRates(market, Date.now())
    if (old !== null) desk.terminal.err(`Warning: ${old.found}. ${old.mend}\n`)
  })
}

interface SetOptions extends CommonOptions {
  readonly day?: string
  readonly source?: string
}

function addSet(exchange: Command, desk: Desk): void {
  const command = exchange
    .command('set')
    .description('what one unit of a currency is in another')
    .argument('<of>', 'such as USD')
    .argument('<in>', 'such as CNY')
    .argument('<rate>', 'a decimal number, or "unknown"')
    .option('--day <day>', 'from when on, such as 2026-11-01; else today')
    .option('--source <text>', 'where you know it from')
  withJson(command).action(
    async (base: string, quote: string, text: string, options: SetOptions) => {
      const rate = text.toLowerCase() === 'unknown' ? null : text
      const { day, source } = options
      const body = {
        ...{ base: base.toUpperCase(), quote: quote.toUpperCase(), rate },
        ...(day === undefined ? {} : { day }),
        ...(source === undefined ? {} : { source }),
      }
      await desk.market().call('PUT', '/api/exchange-rates', { body })
      if (options.json === true) return printJson(desk.terminal, body)
      const told = rate === null ? 'not known' : `${rate} ${body.quote}`
      printLines(desk.terminal, `One ${body.base} is ${told}, since ${day ?? 'today'}.`)
    },
  )
}

function addCurrency(exchange: Command, desk: Desk): void {
  const command = exchange
    .command('currency')
    .description('show or set the currency that sums are shown in')
    .argument('[code]', 'such as EUR')
  withJson(command).action(async (code: string | undefined, options: CommonOptions) => {
    const market = desk.market()
    const path = '/api/prices/settings'
    if (code?.trim() === '') throw usageFailure('Give a code such as EUR.')
    const answer =
      code === undefined
        ? await market.get<{ currency: string }>(path)
        : await market.call<{ currency: string }>('PUT', path, {
            body: { currency: code.toUpperCase() },
          })
    if (options.json === true) return printJson(desk.terminal, answer)
    printLines(desk.terminal, `Sums are shown in ${answer.currency}.`)
  })
}
