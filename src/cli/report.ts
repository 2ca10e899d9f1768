import type { Command } from 'commander'
import type { SurvivalAnswer } from '../routing/index.ts'
import { type CommonOptions, type Desk, printJson, printTable, withJson } from './command.ts'

export function addReportCommand(program: Command, desk: Desk): void {
  const report = program.command('report').description('what the market shows over time')
  const survival = report
    .command('survival')
    .description('how long models stay: Kaplan–Meier over all that ever joined')
  withJson(survival).action(async (options: CommonOptions) => {
    const answer = await desk.market().get<SurvivalAnswer>('/api/survival')
    if (options.json === true) return printJson(desk.terminal, answer)
    printTable(
      desk.terminal,
      [
        { title: 'AFTER DAYS', side: 'right' },
        { title: 'THERE BEFORE', side: 'right' },
        { title: 'LEFT', side: 'right' },
        { title: 'STAY', side: 'right' },
        { title: '± SE', side: 'right' },
        { title: '' },
      ],
      answer.steps.map(survivalRow),
      `Of ${answer.joined} models that joined, none has left.`,
    )
  })
}

const BAR = 20

/** One line of the curve: the share that stays, and a bar of it. */
export function survivalRow(step: SurvivalAnswer['steps'][number]): string[] {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  return [
    step.time_days.toFixed(1),
    `${step.at_risk}`,
    `${step.left}`,
    percent(step.survival),
    percent(step.se),
    '█'.repeat(Math.round(step.survival * BAR)),
  ]
}
