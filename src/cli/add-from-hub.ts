import { setTimeout as sleep } from 'node:timers/promises'
import type { DownloadAnswer, DownloadOfferAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import { type Desk, printJson, printLines } from './command.ts'
import { confirm } from './confirm.ts'
import { describeOffer, describeProgress } from './download-lines.ts'
import { Failure, usageFailure } from './failure.ts'
import { interrupted, onInterrupt } from './interrupt.ts'
import { openProgress, withProgress } from './progress.ts'
import { printable, type Terminal } from './terminal.ts'
import { BAIMO } from './words.ts'

export interface HubOptions {
  readonly json?: boolean
  readonly name?: string
  readonly yes?: boolean
  readonly cancel?: boolean
}

/** Shows what a download brings, asks, follows it, and tells how to ask the model. */
export async function addFromHub(desk: Desk, source: string, options: HubOptions): Promise<void> {
  const market = desk.market()
  if (options.cancel === true) return cancelDownload(desk, market, { source, options })
  const offer = await askForOffer(desk, market, { source, options })
  if (offer.same_as !== null) {
    if (options.json === true) return printJson(desk.terminal, offer)
    return printLines(desk.terminal, ...thereLines(offer.same_as))
  }
  if (options.json !== true) sayLines(desk.terminal, describeOffer(offer))
  // Without room the market refuses with figures: nobody need be asked before that.
  if (options.yes !== true && offer.has_room)
    await confirm(desk.terminal, 'Download it?', NOBODY_TO_ASK)
  const begun = await beginDownload(desk, market, { source, options })
  const ended = await follow(desk, market, begun, options)
  if (ended.state !== 'done') throw failureOf(ended)
  if (options.json === true) return printJson(desk.terminal, ended)
  printLines(desk.terminal, `Added ${ended.model}.`, askLine(ended.model))
}

const NOBODY_TO_ASK = 'Nobody is there to ask: give --yes to download it without being asked.'

interface Wish {
  readonly source: string
  readonly options: HubOptions
}

function askForOffer(desk: Desk, market: MarketClient, wish: Wish): Promise<DownloadOfferAnswer> {
  const { source, options } = wish
  const name = options.name === undefined ? '' : `&name=${encodeURIComponent(options.name)}`
  const path = `/api/downloads/offer?source=${encodeURIComponent(source)}${name}`
  return withProgress(
    desk.terminal,
    `Looking at ${source}`,
    () => market.get<DownloadOfferAnswer>(path, { mayTakeLong: true }),
    { isSilent: options.json === true },
  )
}

/** The hub is asked once more, so that what was shown is what comes. */
function beginDownload(desk: Desk, market: MarketClient, wish: Wish): Promise<DownloadAnswer> {
  const { source, options } = wish
  const body = { source, ...(options.name === undefined ? {} : { name: options.name }) }
  return withProgress(
    desk.terminal,
    `Looking at ${source}`,
    () => market.call<DownloadAnswer>('POST', '/api/downloads', { body, mayTakeLong: true }),
    { isSilent: options.json === true },
  )
}

function sayLines(terminal: Terminal, lines: readonly string[]): void {
  terminal.err(`${lines.map((line) => printable(line)).join('\n')}\n`)
}

function thereLines(model: string): string[] {
  return [`These weights are here already as ${model}: nothing is downloaded.`, askLine(model)]
}

function askLine(model: string): string {
  return `Ask it: ${BAIMO} ask ${model} "Hello"`
}

const POLL_MS = 250
/** Where no width is known, or none is told (0): what every terminal has. */
const COLUMNS = 79

/** Follows a download to its end. Ctrl-C leaves it: it goes on in the market. */
async function follow(
  desk: Desk,
  market: MarketClient,
  begun: DownloadAnswer,
  options: HubOptions,
): Promise<DownloadAnswer> {
  const { terminal } = desk
  const interrupt = onInterrupt()
  const draw = openBar(terminal, options.json === true)
  let now = begun
  try {
    while (!['done', 'failed', 'cancelled'].includes(now.state)) {
      draw.show(now)
      await sleep(POLL_MS, undefined, { signal: interrupt.signal })
      now = await market.call<DownloadAnswer>('GET', `/api/downloads/${begun.id}`, {
        signal: interrupt.signal,
      })
    }
    return now
  } catch (error) {
    draw.end()
    if (!interrupt.signal.aborted) throw withRestart(error)
    if (options.json !== true)
      sayLines(terminal, [
        `The download goes on in the market. The same command shows it again; "${BAIMO} add ${begun.source} --cancel" ends it.`,
      ])
    throw interrupted()
  } finally {
    draw.end()
    interrupt.end()
  }
}

const OUTAGES = new Set(['cli_market_unreachable', 'cli_market_silent'])

function withRestart(error: unknown): unknown {
  if (!(error instanceof Failure) || !OUTAGES.has(String(error.facts.code))) return error
  return new Failure(`${error.message} The download then goes on where it stopped.`, {
    facts: error.facts,
    cause: error,
  })
}

interface Bar {
  show(download: DownloadAnswer): void
  end(): void
}

/** A bar on a terminal; elsewhere a line each time something else goes on, and every 15 seconds. */
function openBar(terminal: Terminal, isSilent: boolean): Bar {
  if (!terminal.isErrTerminal || isSilent) {
    const progress = openProgress(terminal, { shownAfterMs: 0, isSilent })
    let shownMs = Number.NEGATIVE_INFINITY
    let state = ''
    return {
      show(download) {
        const isNew = download.state !== state
        if (!isNew && performance.now() - shownMs < 15_000) return
        state = download.state
        shownMs = performance.now()
        progress.say(printable(describeProgress(download, COLUMNS)))
      },
      end: progress.end,
    }
  }
  return {
    show(download) {
      const line = printable(describeProgress(download, (terminal.columns || COLUMNS) - 1))
      terminal.err(`\r\u001b[K${line}`)
    },
    end: () => terminal.err('\r\u001b[K'),
  }
}

function failureOf({ id, state, error, source }: DownloadAnswer): Failure {
  const message = error?.message ?? `The download of ${source} was cancelled.`
  const code = error?.code ?? 'cli_download_cancelled'
  return new Failure(message, { facts: { code, state, download_id: id } })
}

/** Ends, or gives up, the download of a source, or the only one of that repository. */
async function cancelDownload(desk: Desk, market: MarketClient, wish: Wish): Promise<void> {
  const key = (text: string) => text.toLowerCase()
  const running = (await market.list<DownloadAnswer>('/api/downloads')).filter(
    ({ state }) => !['done', 'cancelled'].includes(state),
  )
  const exact = running.filter(({ source }) => key(source) === key(wish.source))
  const near = running.filter(({ source }) => key(source).startsWith(`${key(wish.source)}:`))
  // Of several tries of the same, the last is meant: those before left nothing of their own.
  const [one, other] = exact.length > 0 ? exact.slice(-1) : near
  if (one === undefined)
    throw new Failure(`No download of ${wish.source} runs.`, {
      facts: { code: 'cli_download_missing' },
    })
  if (other !== undefined)
    throw usageFailure(`Several run: ${running.map(({ source }) => source).join(', ')}. Name one.`)
  const ended = await market.call<DownloadAnswer>('DELETE', `/api/downloads/${one.id}`)
  if (wish.options.json === true) return printJson(desk.terminal, ended)
  if (ended.state === 'done')
    return printLines(desk.terminal, `It had ended by then: added ${ended.model}.`)
  printLines(desk.terminal, `Cancelled ${ended.source}. What it had brought is removed.`)
}
