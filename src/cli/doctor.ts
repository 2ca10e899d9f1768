import type { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { type Config, packageRoot } from '../config.ts'
import { MarketClient } from './client.ts'
import { type CommonOptions, type Desk, printJson, withJson } from './command.ts'
import { broken, type Check, type CheckState, ok, warning, worstOf } from './doctor/check.ts'
import { checkDatabase } from './doctor/check-database.ts'
import { checkEngineFolder } from './doctor/check-engine-folder.ts'
import { checkHome, checkKeyFiles } from './doctor/check-home.ts'
import { checkHouseModels } from './doctor/check-house-models.ts'
import { checkClock, checkDisk, checkNode, checkPackages } from './doctor/check-machine.ts'
import { checkMarket } from './doctor/check-market.ts'
import { checkPort } from './doctor/check-port.ts'
import { EXIT, Failure } from './failure.ts'
import { findMarket, readHomeMarket } from './find-market.ts'
import { pad } from './measure-width.ts'
import { openProgress } from './progress.ts'
import { printable, type Style, type Terminal } from './terminal.ts'
import { BAIMO, count } from './words.ts'

export function addDoctorCommand(program: Command, desk: Desk): void {
  const command = program
    .command('doctor')
    .description('look at every part and say how to mend what is broken')
    .addHelpText('after', '\nIt changes nothing. Exit code 1: something is broken.')
  withJson(command).action(async (options: CommonOptions) => {
    const { terminal } = desk
    const config = desk.config()
    const progress = openProgress(terminal, { isSilent: options.json === true })
    progress.say('Looking at every part')
    const checks = await examine(config).finally(progress.end)
    const worst = worstOf(checks)
    if (options.json === true) printJson(terminal, { state: worst, checks })
    else printChecks(terminal, checks)
    // All is said: an empty failure sets the exit code alone.
    if (worst === 'broken') throw new Failure('', { exitCode: EXIT.failed })
  })
}

async function examine(config: Config): Promise<Check[]> {
  const { home } = config
  return [
    checkNode(process.versions.node),
    checkPackages(packageRoot, config.databaseUrl === null),
    checkHome(home),
    ...checkKeyFiles(home, config.secretFile),
    checkDisk(home),
    checkClock(home, Date.now()),
    await checkHouseModels(packageRoot),
    ...(await examineMarket(config)),
  ]
}

/** What runs is asked; where nothing runs, what a start would need is looked at instead. */
async function examineMarket(config: Config): Promise<Check[]> {
  const market = readHomeMarket(config.home)
  if (config.remoteUrl !== null || market.kind === 'running')
    return checkMarket(new MarketClient(findMarket(config)), {
      ownVersion: manifest.version,
      mayProbe: config.remoteUrl === null && !config.isOffline,
    })
  const isHomeSound = checkHome(config.home).state !== 'broken'
  return [
    market.kind === 'gone'
      ? warning(
          'market',
          `process ${market.pid} ended without closing`,
          `Start it again with "${BAIMO} start": what it had committed is kept.`,
        )
      : ok('market', `none runs on ${config.home}`),
    await checkPort(config.host, config.port),
    isHomeSound
      ? await checkDatabase(config)
      : broken('database', 'not looked at', 'Mend the home first.'),
    checkEngineFolder(config.engineFolder),
  ]
}

const MARKS: Readonly<Record<CheckState, { mark: string; style: Style }>> = {
  ok: { mark: 'ok', style: 'green' },
  warning: { mark: 'warning', style: 'yellow' },
  broken: { mark: 'broken', style: 'red' },
}

function printChecks(terminal: Terminal, checks: readonly Check[]): void {
  const partWidth = Math.max(...checks.map(({ part }) => part.length))
  for (const { part, state, found, mend } of checks) {
    const { mark, style } = MARKS[state]
    const head = `${terminal.styleOut(style, pad(mark, 7))}  ${pad(part, partWidth)}`
    terminal.out(`${head}  ${printable(found)}\n`)
    if (mend !== null) terminal.out(`${' '.repeat(11 + partWidth)}→ ${printable(mend)}\n`)
  }
  const bad = checks.filter(({ state }) => state === 'broken').length
  const warned = checks.filter(({ state }) => state === 'warning').length
  const sum =
    bad + warned === 0
      ? 'Everything is well.'
      : `${bad} broken, ${count(warned, 'warning')}, ${checks.length - bad - warned} well.`
  terminal.out(`\n${sum}\n`)
}
