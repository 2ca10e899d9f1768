import type { Command } from 'commander'
import type { ProposalAnswer, ProposalSide } from './answers.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { BAIMO } from './words.ts'

export function addProposalCommands(models: Command, desk: Desk): void {
  addProposals(models, desk)
  addDecision(models, desk, 'same')
  addDecision(models, desk, 'different')
}

function addProposals(models: Command, desk: Desk): void {
  const command = models
    .command('proposals')
    .description('pairs that may be one model: only your word makes them one')
    .option('--all', 'decided ones too')
  withJson(command).action(async (options: CommonOptions & { all?: boolean }) => {
    const all = await desk.market().list<ProposalAnswer>('/api/proposals')
    const shown = options.all === true ? all : all.filter(({ state }) => state === 'open')
    if (options.json === true) return printJson(desk.terminal, { data: shown })
    printTable(
      desk.terminal,
      [
        { title: 'ID', isWhole: true },
        { title: 'KEPT' },
        { title: 'OTHER' },
        { title: 'STATE' },
        { title: 'WHY' },
      ],
      shown.map(({ id, kept, other, state, reason }) => [
        id,
        formatSide(kept),
        formatSide(other),
        state,
        reason,
      ]),
      'Nothing to decide.',
    )
  })
}

/** `publisher/name (provider, provider)`. */
export function formatSide({ id, name, providers }: ProposalSide): string {
  const where = providers === undefined ? '' : ` (${providers.join(', ')})`
  return `${name ?? id}${where}`
}

function addDecision(models: Command, desk: Desk, decision: 'same' | 'different'): void {
  const command = models
    .command(decision)
    .description(decision === 'same' ? 'the two are one model' : 'the two are two models')
    .argument('<proposal>', 'its id')
  withJson(command).action(async (id: string, options: CommonOptions) => {
    const path = `/api/proposals/${encodeURIComponent(id)}`
    const decided = await desk.market().call<ProposalAnswer>('POST', path, { body: { decision } })
    if (options.json === true) return printJson(desk.terminal, decided)
    const { kept, other } = decided
    const [left, right] = [kept.name ?? kept.id, other.name ?? other.id]
    printLines(
      desk.terminal,
      decision === 'same'
        ? `${right} is part of ${left} now. Take it back with "${BAIMO} models different ${id}".`
        : `${right} and ${left} are two models.`,
    )
  })
}
