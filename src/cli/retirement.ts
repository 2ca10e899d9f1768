import type { Command } from 'commander'
import type { RetirementAnswer, RetirementProposalAnswer } from '../routing/index.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { usageFailure } from './failure.ts'
import { BAIMO, UNKNOWN } from './words.ts'

/** `baimo proposals`: which models may leave, and why. */
export function addProposalsCommand(program: Command, desk: Desk): void {
  const command = program
    .command('proposals')
    .description('models that a no-dearer one is certified better than: they may be retired')
  withJson(command).action(async (options: CommonOptions) => {
    const all = await desk.market().list<RetirementProposalAnswer>('/api/retirements/proposals')
    if (options.json === true) return printJson(desk.terminal, { data: all })
    printTable(
      desk.terminal,
      [
        { title: 'MODEL', isWhole: true },
        { title: 'SUCCESSOR', isWhole: true },
        { title: 'WHY' },
        { title: 'CHOSEN BY', side: 'right' },
        { title: 'REQUESTS', side: 'right' },
        { title: 'SAVED', side: 'right' },
      ],
      all.map(proposalRow),
      'No model is certified worse than one that costs no more, beyond its infancy.',
    )
    if (all.length > 0)
      desk.terminal.err(`Retire one with "${BAIMO} models retire MODEL", by hand, reversibly.\n`)
  })
}

/** One line of the list; use and savings are those of a month. */
export function proposalRow(one: RetirementProposalAnswer): string[] {
  const { use, saved, currency } = one
  const why = one.boards.map(
    ({ slice, gap_points: gap, votes }) => `${slice}: ${Math.round(gap)} points, ${votes} votes`,
  )
  const share = use.chooser_share === null ? '' : ` (${Math.round(use.chooser_share * 100)} %)`
  return [
    one.model,
    one.successor,
    why.join('; '),
    `${use.choosers}${share}`,
    `${use.requests}`,
    saved === null ? UNKNOWN : `${saved.toFixed(2)} ${currency}`,
  ]
}

interface RetireOptions extends CommonOptions {
  readonly on?: string
  readonly successor?: string
}

export function addRetireCommands(models: Command, desk: Desk): void {
  const retire = models
    .command('retire')
    .description('take a model out of "auto", battles and lists; its votes stay')
    .argument('<name>', 'the model')
    .option('--on <day>', 'from then on it does not answer by its name either: 2027-01-31')
    .option('--successor <name>', 'what to ask instead; absent: that of the proposal')
  withJson(retire).action(async (name: string, options: RetireOptions) => {
    const body = {
      model: name,
      successor: options.successor ?? null,
      sunset_at: options.on === undefined ? null : readDay(options.on),
    }
    const call = { body }
    const answer = await desk.market().call<RetirementAnswer>('POST', '/api/retirements', call)
    if (options.json === true) return printJson(desk.terminal, answer)
    const until = answer.sunset_at === null ? 'goes on' : `ends on ${answer.sunset_at.slice(0, 10)}`
    const next = answer.successor === null ? '' : ` Its successor is ${answer.successor}.`
    printLines(
      desk.terminal,
      `${answer.model} is retired; asked for by name it ${until}.${next}`,
      `Take it back with "${BAIMO} models restore ${answer.model}".`,
    )
  })
  const restore = models
    .command('restore')
    .description('bring a retired model back')
    .argument('<name>', 'the model')
  withJson(restore).action(async (name: string, options: CommonOptions) => {
    const path = `/api/retirements/${name.split('/').map(encodeURIComponent).join('/')}`
    const answer = await desk.market().call<RetirementAnswer>('DELETE', path)
    if (options.json === true) return printJson(desk.terminal, answer)
    printLines(desk.terminal, `${answer.model} is back, as if it had never left.`)
  })
}

/** The beginning of a day, UTC. */
export function readDay(text: string): string {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(text))
    throw usageFailure(`--on takes a day such as 2027-01-31, not "${text}".`)
  return new Date(at).toISOString()
}
