import { writeSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { styleText } from 'node:util'
import { EXIT } from './failure.ts'
import { PROGRAM } from './words.ts'

/** The styles of the command line; none are written where no terminal is, or with NO_COLOR. */
export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green'

/** Where a command reads and writes. Tests give one that records. */
export interface Terminal {
  /** Writes to standard output as it is. */
  out(text: string): void
  /**
   * Writes to standard output as it is, for what is told only once: resolves when it is written,
   * rejects with the reason when nobody takes it.
   */
  deliver(text: string): Promise<void>
  /** Writes to standard error as it is. */
  err(text: string): void
  styleOut(style: Style, text: string): string
  styleErr(style: Style, text: string): string
  readonly isOutTerminal: boolean
  readonly isErrTerminal: boolean
  readonly isInTerminal: boolean
  /** Width of standard output in cells; null where it is no terminal: lines have no limit. */
  readonly columns: number | null
  /** All of standard input, as text. */
  readInput(): Promise<string>
  /** From now on output that nobody takes is lost, and the process goes on without it. */
  outliveReaders(): void
}

/**
 * The terminal of this process. A reader that goes away (`| head`) ends the process quietly,
 * output that cannot be written (a full disk) with one line and exit code 1.
 */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  let mustGoOn = false
  let deliveries = 0
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!mustGoOn && deliveries === 0) endWithout(error)
    })
  }
  return {
    outliveReaders() {
      mustGoOn = true
    },
    out: (text) => void stdout.write(text),
    async deliver(text) {
      deliveries += 1
      // It counts on where this fails: the caller says so, and nothing ends the process before.
      await new Promise<void>((resolve, reject) => {
        stdout.write(text, (error) => (error ? reject(error) : resolve()))
      })
      deliveries -= 1
    },
    err: (text) => void stderr.write(text),
    styleOut: (style, text) => styleText(style, text, { stream: stdout }),
    styleErr: (style, text) => styleText(style, text, { stream: stderr }),
    isOutTerminal: stdout.isTTY === true,
    isErrTerminal: stderr.isTTY === true,
    isInTerminal: stdin.isTTY === true,
    columns: stdout.isTTY === true ? stdout.columns : null,
    readInput: () => readAll(stdin),
  }
}

function endWithout(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  try {
    writeSync(2, `${PROGRAM}: The output cannot be written (${error.message}).\n`)
  } catch {
    // Standard error is what cannot be written: the exit code tells.
  }
  process.exit(EXIT.failed)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Text from elsewhere, harmless for a terminal: nothing in it moves the cursor or sets a title. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROLS, '')
}
