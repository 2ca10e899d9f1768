import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import type { Log } from '../kernel/index.ts'
import type { Market } from '../main.ts'
import type { FoundServer, StatusAnswer } from './answers.ts'
import { MarketClient } from './client.ts'
import { type CommonOptions, type Desk, withJson } from './command.ts'
import { formatLogLine } from './format-log-line.ts'
import { openProgress } from './progress.ts'
import { printable, type Terminal } from './terminal.ts'
import { unknownSettings } from './unknown-settings.ts'
import { BAIMO, PROGRAM } from './words.ts'

/** The log is written in blocks of so many characters, or so often. */
const BLOCK_LENGTH = 65_536
const BLOCK_MS = 1_000

/** For what comes after the time for answers: their errors, their records, the database's end. */
const LONGEST_CLOSE_MS = 15_000

const HELP = `
It runs until Ctrl-C or SIGTERM: running answers then have 30 seconds
(BAIMO_STOP_SECONDS) to finish.
A second Ctrl-C ends it at once.`

export function addStartCommand(program: Command, desk: Desk): void {
  const command = program
    .command('start')
    .description('open the market and serve until it is stopped')
    .addHelpText('after', HELP)
  withJson(command).action(async (options: CommonOptions) => {
    const config = desk.config()
    // Who serves others does not end because nobody reads what it says of itself.
    desk.terminal.outliveReaders()
    const stop = onStopSignals(desk.terminal)
    const log = await openLog(desk.terminal, config.logLevel)
    for (const { name, nearest } of unknownSettings(desk.environment))
      log.warn({ name, nearest }, 'an environment variable is no setting: it counts for nothing')
    const market = await open(desk.terminal, config, log)
    // A signal that came while it opened is not lost: it is closed as soon as it is open.
    if (!stop.isWanted()) await announce(desk.terminal, { market, config, options })
    const signal = await stop.wanted
    // Whoever sits at a terminal waits for it; a service's balancer needs the time.
    const drains = signal === 'SIGTERM'
    endLate(log, (drains ? config.drainMs : 0) + config.stopMs + LONGEST_CLOSE_MS)
    try {
      await market.close({ drains })
    } finally {
      log.flush()
    }
    // Nothing is left to do, whatever a library may still hold open.
    process.exit(0)
  })
}

/** A stop has an end, whatever it waits for: a database that hangs, or a disk. */
function endLate(log: FlushedLog, limitMs: number): void {
  const end = (): void => {
    log.error({ after_ms: limitMs }, 'the stop took too long, so it ends here')
    log.flush()
    process.exit(1)
  }
  setTimeout(end, limitMs).unref()
}

async function open(terminal: Terminal, config: Config, log: Log): Promise<Market> {
  const progress = openProgress(terminal, { shownAfterMs: terminal.isErrTerminal ? 500 : 0 })
  try {
    // Loaded here alone: the other commands need no server and start at once.
    const { startMarket } = await import('../main.ts')
    return await startMarket(config, {
      log,
      onProgress: (text: string) => progress.say(`${PROGRAM}: ${text}`),
    })
  } finally {
    progress.end()
  }
}

interface FlushedLog extends Log {
  /** Writes out what is still held. */
  flush(): void
}

/**
 * Readable lines where a person watches. Else JSON lines on standard error, written in blocks of
 * 64 kB or each second, whichever comes first: a write wakes a thread, which costs as much as a
 * tenth of a request. Warnings and errors do not wait: they may be the last words of the process.
 */
async function openLog(terminal: Terminal, level: Config['logLevel']): Promise<FlushedLog> {
  const { pino } = await import('pino')
  const options = { level, base: null }
  if (terminal.isErrTerminal) {
    const write = (line: string) => terminal.err(`\r\u001b[K${formatLogLine(line)}`)
    return withFlush(pino(options, { write }), () => undefined)
  }
  const file = pino.destination({ fd: 2, sync: false })
  file.on('error', () => {
    // A full disk, say: where the log cannot be written, no line can tell.
  })
  const blocks = inBlocks((block) => void file.write(block))
  let isOpen = true
  file.once('close', () => {
    isOpen = false
  })
  const flush = (): void => {
    if (!isOpen) return // it closes itself when nothing is left to do
    blocks.flush()
    file.flushSync()
  }
  process.once('beforeExit', flush).once('exit', flush)
  return withFlush(pino(options, blocks), flush)
}

/**
 * Gathers lines to blocks. Pino's own way to do so measures the whole block at each line, which
 * copies it each time.
 */
function inBlocks(writeBlock: (block: string) => void) {
  let lines: string[] = []
  let length = 0
  const flush = (): void => {
    if (length === 0) return
    const block = lines.join('')
    lines = []
    length = 0
    writeBlock(block)
  }
  setInterval(flush, BLOCK_MS).unref()
  return {
    write(line: string) {
      lines.push(line)
      length += line.length
      if (length >= BLOCK_LENGTH || isWarning(line)) flush()
    },
    flush,
  }
}

/** Pino's lines begin with their level: `{"level":40,`. */
function isWarning(line: string): boolean {
  return line.charCodeAt('{"level":'.length) >= '4'.charCodeAt(0)
}

function withFlush(log: Log, flush: () => void): FlushedLog {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    flush,
  }
}

async function announce(
  terminal: Terminal,
  opened: { market: Market; config: Config; options: CommonOptions },
): Promise<void> {
  const { market, config, options } = opened
  const { url, ownerLink } = market
  const found = await findServers(url, config)
  if (options.json === true) {
    terminal.out(`${JSON.stringify({ url, owner_link: ownerLink, found })}\n`)
    return
  }
  for (const server of found) terminal.out(`${foundLine(server)}\n`)
  terminal.out(`Baimo is open at ${url}\nOwner link (once, one hour): ${ownerLink}\n`)
}

/** The line that tells how to add a server that was found. */
export function foundLine({ kind, url }: FoundServer): string {
  const origin = url.replace(/\/v1$/, '')
  return printable(`Found ${kind} at ${origin}. To add its models: ${BAIMO} add ${origin}`)
}

/** Local servers that were found. The market is open without knowing: no answer means none. */
async function findServers(url: string, config: Config): Promise<readonly FoundServer[]> {
  try {
    const path = join(config.home, 'owner.key')
    const key = readFileSync(path, 'utf8').trim()
    const market = new MarketClient({ url, urlSource: 'home', key, keySource: path })
    return (await market.get<StatusAnswer>('/api/status')).found
  } catch {
    return [] // "baimo doctor" tells what is wrong; this is only an offer
  }
}

interface StopSignals {
  /** The signal that asked for it; null: the end of the process that started us. */
  readonly wanted: Promise<NodeJS.Signals | null>
  readonly isWanted: () => boolean
}

/**
 * The first SIGINT, SIGTERM or SIGHUP, or the end of the process that started us, asks for a stop
 * in order; the second signal ends the process at once.
 */
function onStopSignals(terminal: Terminal): StopSignals {
  const { promise: wanted, resolve } = Promise.withResolvers<NodeJS.Signals | null>()
  let isWanted = false
  const stop = (signal: NodeJS.Signals | null, reason: string) => {
    if (isWanted) return
    isWanted = true
    if (terminal.isErrTerminal)
      terminal.err(`\r\u001b[K${reason}Stopping: running answers may finish.\n`)
    resolve(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isWanted) process.exit(1)
      stop(signal, '')
    })
  }
  process.once('disconnect', () => stop(null, 'The process that started Baimo has ended. '))
  process.channel?.unref() // a start that was refused must not wait for it
  return { wanted, isWanted: () => isWanted }
}
