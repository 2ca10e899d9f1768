import { text as readAll } from 'node:stream/consumers'
import { styleText } from 'node:util'

/** The styles of the command line; none are written where no terminal is, or with NO_COLOR. */
export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green'

/** Where a command reads and writes. Tests give one that records. */
export interface Terminal {
  /** Writes to standard output as it is. */
  out(text: string): void
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
}

/** The terminal of this process. A reader that goes away (`| head`) ends the process quietly. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
  return {
    out: (text) => void stdout.write(text),
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Text from elsewhere, harmless for a terminal: nothing in it moves the cursor or sets a title. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROLS, '')
}
