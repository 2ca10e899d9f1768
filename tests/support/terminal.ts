import type { Terminal } from '../../src/cli/terminal.ts'

export interface Recorder extends Terminal {
  readonly said: { out: string; err: string }
}

/** A terminal that keeps what is said, and reads `input`. */
export function recorder(input = '', overrides: Partial<Terminal> = {}): Recorder {
  const said = { out: '', err: '' }
  return {
    said,
    out: (text) => {
      said.out += text
    },
    deliver: async (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    styleOut: (_, text) => text,
    styleErr: (_, text) => text,
    isOutTerminal: false,
    isErrTerminal: false,
    isInTerminal: false,
    columns: null,
    readInput: async () => input,
    outliveReaders: () => {},
    ...overrides,
  }
}
