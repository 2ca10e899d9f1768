import type { Terminal } from './terminal.ts'
import { formatMs } from './words.ts'

/** What takes so long that a person wonders is shown. */
const SHOWN_AFTER_MS = 2_000
const REDRAWN_EVERY_MS = 500
const REPEATED_EVERY_MS = 15_000

export interface Progress {
  /** Says what runs now. */
  say(text: string): void
  /** Takes the line away. */
  end(): void
}

export interface ProgressOptions {
  /** Nothing is shown before; 0 for what is known to be long. */
  readonly shownAfterMs?: number
  /** Nothing at all is shown: the caller wants JSON. */
  readonly isSilent?: boolean
}

/**
 * Progress on standard error: on a terminal one line that is written anew, elsewhere a plain line
 * when something new is said and every 15 seconds.
 */
export function openProgress(terminal: Terminal, options: ProgressOptions = {}): Progress {
  if (options.isSilent === true) return { say: () => {}, end: () => {} }
  const shownAfterMs = options.shownAfterMs ?? SHOWN_AFTER_MS
  const beganMs = performance.now()
  let text = ''
  let printed = ''
  let printedMs = 0
  let saidMs = beganMs
  let isDrawn = false
  const elapsedMs = () => performance.now() - beganMs
  const stepTime = () => formatMs(performance.now() - saidMs)
  const draw = () => {
    if (text === '' || elapsedMs() < shownAfterMs) return
    if (terminal.isErrTerminal) {
      isDrawn = true
      terminal.err(`\r\u001b[K${terminal.styleErr('dim', `${text} … ${stepTime()}`)}`)
      return
    }
    if (printed === text && elapsedMs() - printedMs < REPEATED_EVERY_MS) return
    terminal.err(printed === text ? `${text} … ${stepTime()}\n` : `${text}\n`)
    printed = text
    printedMs = elapsedMs()
  }
  const timer = setInterval(draw, REDRAWN_EVERY_MS)
  timer.unref()
  return {
    say: (next) => {
      if (next !== text) saidMs = performance.now()
      text = next
      draw()
    },
    end: () => {
      clearInterval(timer)
      if (isDrawn) terminal.err('\r\u001b[K')
      isDrawn = false
      text = ''
    },
  }
}

/** Runs `work`, showing `text` when it takes longer than two seconds. */
export async function withProgress<T>(
  terminal: Terminal,
  text: string,
  work: () => Promise<T>,
  options: ProgressOptions = {},
): Promise<T> {
  const progress = openProgress(terminal, options)
  progress.say(text)
  try {
    return await work()
  } finally {
    progress.end()
  }
}
