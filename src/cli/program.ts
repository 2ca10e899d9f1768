import { Command, CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import type { Environment } from '../config.ts'
import { Refusal } from '../kernel/index.ts'
import { addAddCommand } from './add.ts'
import { addAskCommand } from './ask.ts'
import { addBattleCommand } from './battle.ts'
import { addBoardCommand } from './board.ts'
import { type Desk, openDesk } from './command.ts'
import { addConfigCommand } from './config.ts'
import { addDoctorCommand } from './doctor.ts'
import { addExchangeCommand } from './exchange.ts'
import { EXIT, Failure } from './failure.ts'
import { addKeysCommand } from './keys.ts'
import { addLimitsCommand } from './limits.ts'
import { addLinkCommand } from './link.ts'
import { addModelsCommand } from './models.ts'
import { addPeopleCommand } from './people.ts'
import { addPolicyCommand } from './policy.ts'
import { addProvidersCommand } from './providers.ts'
import { addRateCommand } from './rate.ts'
import { addReportCommand } from './report.ts'
import { addProposalsCommand } from './retirement.ts'
import { addRouteCommand } from './route.ts'
import { addSimCommand } from './sim.ts'
import { addStartCommand } from './start.ts'
import { printable, type Terminal } from './terminal.ts'
import { addUsageCommand } from './usage.ts'
import { BAIMO, PROGRAM } from './words.ts'

const COMMANDS = [
  addStartCommand,
  addAskCommand,
  addModelsCommand,
  addAddCommand,
  addProvidersCommand,
  addBattleCommand,
  addBoardCommand,
  addProposalsCommand,
  addRouteCommand,
  addPolicyCommand,
  addReportCommand,
  addKeysCommand,
  addPeopleCommand,
  addLimitsCommand,
  addRateCommand,
  addSimCommand,
  addUsageCommand,
  addExchangeCommand,
  addLinkCommand,
  addDoctorCommand,
  addConfigCommand,
]

const HELP = `
Exit codes: 0 done, 1 refused or failed, 2 called in a way it does not take,
130 interrupted.
Settings come from the environment: "${BAIMO} config" lists them.`

/** Runs one command; resolves to the exit code. Everything it has to say is said. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  environment: Environment,
): Promise<number> {
  const program = buildProgram(openDesk(terminal, environment, args))
  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(args, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    return report(error, {
      terminal,
      isJson: wantsJson(args),
      called: calledCommand(program, args),
    })
  }
}

function buildProgram(desk: Desk): Command {
  const { terminal } = desk
  const program = new Command(BAIMO)
    .description('A self-hosted open market for AI models')
    .version(versionText(desk.args), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show what it takes')
    .helpCommand('help [command]', 'show what a command takes')
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ writeOut: terminal.out, writeErr: () => {} })
    .exitOverride()
    .addHelpText('after', HELP)
  for (const addCommand of COMMANDS) addCommand(program, desk)
  sayDefaults(program)
  return program
}

/** What a group of commands does when none of them is named. */
function sayDefaults(command: Command): void {
  const lists = command.commands.some((one) => one.name() === 'list')
  if (lists)
    command.addHelpText('after', '\nWithout a command it lists, and takes the options of list.')
  for (const one of command.commands) sayDefaults(one)
}

function versionText(args: readonly string[]): string {
  const { version } = manifest
  return wantsJson(args) ? JSON.stringify({ version }) : version
}

/** The command that was meant, as people call it: `baimo keys create`; `baimo` when none was. */
function calledCommand(program: Command, args: readonly string[]): string {
  let command = program
  for (const word of args) {
    const next = command.commands.find((one) => one.name() === word)
    if (next === undefined) break
    command = next
  }
  const path: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at.name())
  return path.join(' ')
}

/** Whether `--json` is among the options, not behind `--`. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? args.length : end).includes('--json')
}

interface Call {
  readonly terminal: Terminal
  readonly isJson: boolean
  readonly called: string
}

/** One clear line on standard error, or one line of JSON there; returns the exit code. */
function report(error: unknown, call: Call): number {
  const { terminal, isJson } = call
  const { message, exitCode, facts } = describe(error, call.called)
  if (message === '') return exitCode
  if (isJson) terminal.err(`${JSON.stringify({ error: { ...facts, message } })}\n`)
  else terminal.err(`${terminal.styleErr('red', `${PROGRAM}:`)} ${oneLine(message)}\n`)
  return exitCode
}

function oneLine(message: string): string {
  return printable(message)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
}

function describe(error: unknown, called: string): Pick<Failure, 'message' | 'exitCode' | 'facts'> {
  if (error instanceof Failure) return error
  if (error instanceof Refusal)
    return { message: error.message, exitCode: exitOf(error), facts: { code: error.code } }
  if (error instanceof CommanderError) return describeUsage(error, called)
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    message: `Something broke that should not: ${reason}`,
    exitCode: EXIT.failed,
    facts: { code: 'cli_bug' },
  }
}

/** A setting that cannot be used is a wrong call, like an option. */
function exitOf({ code }: Refusal): number {
  return code === 'config_value_invalid' ? EXIT.usage : EXIT.failed
}

/** What commander says of a word that is no command of a group whose default takes none. */
const EXCESS = 'commander.excessArguments'
const SHOWN = ['commander.helpDisplayed', 'commander.help', 'commander.version']

function describeUsage(
  error: CommanderError,
  called: string,
): Pick<Failure, 'message' | 'exitCode' | 'facts'> {
  if (SHOWN.includes(error.code)) return { message: '', exitCode: EXIT.ok, facts: {} }
  const word = /got \d+: (.*?)\.?$/.exec(error.message)?.[1]
  const text =
    error.code === EXCESS && word !== undefined
      ? `"${called}" does not take "${word}"`
      : error.message.replace(/^error: /, '')
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
  return {
    message: `${/[.?)]$/.test(sentence) ? sentence : `${sentence}.`} See "${called} --help".`,
    exitCode: EXIT.usage,
    facts: { code: 'cli_usage' },
  }
}
