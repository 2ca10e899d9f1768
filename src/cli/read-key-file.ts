import { readFileSync } from 'node:fs'
import { Failure, usageFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** Far more than any key; whoever gives a longer file gave the wrong one. */
const MOST_CHARACTERS = 8_000

/**
 * The key in a file, or in standard input for `-`. Keys are never taken from the command line,
 * where other people of the machine and the shell's history see them.
 */
export async function readKeyFile(path: string, terminal: Terminal): Promise<string> {
  const text = path === '-' ? await readInput(terminal) : readText(path)
  const where = path === '-' ? 'Standard input' : path
  const key = text.trim()
  if (key === '') throw keyFailure(`${where} is empty: put the provider’s key in it, on one line.`)
  if (key.length > MOST_CHARACTERS || /\s/.test(key))
    throw keyFailure(`${where} holds more than a key: it must be one line with the key alone.`)
  return key
}

function readInput(terminal: Terminal): Promise<string> {
  if (terminal.isInTerminal) throw usageFailure('Pipe the key in: printenv MY_KEY | baimo add …')
  return terminal.readInput()
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const reason = code === 'ENOENT' ? 'is not there' : 'cannot be read'
    throw keyFailure(`The key file ${path} ${reason}. Give the path of a file with the key.`)
  }
}

function keyFailure(message: string): Failure {
  return new Failure(message, { facts: { code: 'cli_key_file_invalid' } })
}
