import type { Command } from 'commander'
import { type Environment, readConfig, type Setting, settings } from '../config.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { hidePassword } from './find-market.ts'
import { printable } from './terminal.ts'
import { describeUnknown, unknownSettings } from './unknown-settings.ts'

export function addConfigCommand(program: Command, desk: Desk): void {
  const command = program
    .command('config')
    .description('every setting, with its value or what counts without one')
  withJson(command).action((options: CommonOptions) => {
    const { terminal, environment } = desk
    const rows = settings.map((setting) => describeSetting(setting, environment))
    const unknown = unknownSettings(environment)
    if (options.json === true)
      printJson(terminal, { data: rows.map(({ shown, ...row }) => row), unknown })
    else {
      printTable(
        terminal,
        [
          { title: 'SETTING', isWhole: true },
          { title: 'VALUE' },
          { title: 'MEANING', isWhole: true },
        ],
        rows.map((row) => [row.name, row.shown, row.meaning]),
        '',
      )
    }
    for (const one of options.json === true ? [] : unknown)
      terminal.err(
        `${terminal.styleErr('yellow', 'warning:')} ${printable(describeUnknown(one))}\n`,
      )
    // A value that cannot be used is told last, as the error it is.
    const config = readConfig(environment)
    if (options.json !== true)
      printLines(terminal, '', `Settings are environment variables. The home is ${config.home}`)
  })
}

/** A setting as a person may see it: a secret is only said to be set. */
export function describeSetting(setting: Setting, environment: Environment) {
  const { name, meaning, fallback, isSecret } = setting
  const given = environment[name]?.trim() ?? ''
  const isAddress = given.includes('://') || name.endsWith('_URL')
  const value = isAddress ? hidePassword(given) : given
  const isSet = value !== ''
  const visible = isSecret ? 'set' : value
  return {
    name,
    /** Null: not set, or a secret. */
    value: isSet && !isSecret ? value : null,
    is_set: isSet,
    is_secret: isSecret,
    fallback,
    meaning,
    shown: isSet ? visible : `(${fallback})`,
  }
}
