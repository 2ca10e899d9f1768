import { createInterface } from 'node:readline/promises'
import { EXIT, Failure, usageFailure } from './failure.ts'
import { printable, type Terminal } from './terminal.ts'

/** Goes on only after a person said yes. Without a terminal nobody can: `--yes` must be given. */
export async function confirm(
  terminal: Terminal,
  question: string,
  unasked: string = 'This cannot be undone: give --yes to go on without being asked.',
): Promise<void> {
  if (!terminal.isInTerminal || !terminal.isErrTerminal) throw usageFailure(unasked)
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(`${printable(question)} [y/N] `)
    if (!/^\s*y(es)?\s*$/i.test(answer)) throw new Failure('Nothing was changed.')
  } catch (error) {
    // Ctrl-C at the question.
    if (error instanceof Error && error.name === 'AbortError')
      throw new Failure('', { exitCode: EXIT.interrupted })
    throw error
  } finally {
    asking.close()
  }
}
