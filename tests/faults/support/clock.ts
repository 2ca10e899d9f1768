import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Binaries } from '../../support/postgres.ts'

/** A clock for processes that are started with its environment; others keep the machine’s. */
export interface SettableClock {
  readonly environment: Readonly<Record<string, string>>
  /** Sets it so far from the machine’s clock, for processes that run already too. */
  set(offsetSeconds: number): void
  remove(): void
}

/** Null where Debian's libfaketime is not installed. */
const library = findLibrary()

export const hasSettableClock = library !== null

function findLibrary(): string | null {
  const parent = '/usr/lib'
  if (!existsSync('/usr/bin/faketime')) return null
  for (const name of readdirSync(parent)) {
    const path = join(parent, name, 'faketime', 'libfaketimeMT.so.1')
    if (existsSync(path)) return path
  }
  return null
}

/** Only what tells the date is set: waiting goes on by the clock that never goes back. */
export function openSettableClock(): SettableClock {
  if (library === null) throw new Error('install faketime: scripts/install-test-tools.mjs')
  const folder = mkdtempSync(join(tmpdir(), 'baimo-clock-'))
  chmodSync(folder, 0o755)
  const path = join(folder, 'time')
  const set = (offsetSeconds: number): void => {
    writeFileSync(path, `${offsetSeconds >= 0 ? '+' : ''}${offsetSeconds}\n`, { mode: 0o644 })
  }
  set(0)
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rmSync(folder, { recursive: true }),
  }
}

const DEBIAN_15 = '/usr/lib/postgresql/15/bin'

/** Debian's PostgreSQL, whose server has this clock. The folder is the caller's. */
export function binariesWithClock(clock: SettableClock, folder: string): Binaries {
  const binPath = join(folder, 'bin')
  mkdirSync(binPath, { mode: 0o755 })
  const settings = Object.entries(clock.environment).map(([name, value]) => `${name}=${value}`)
  const script = (program: string, words: readonly string[]): void =>
    writeFileSync(
      join(binPath, program),
      `#!/bin/sh\nexec ${[...words, join(DEBIAN_15, program)].join(' ')} "$@"\n`,
      { mode: 0o755 },
    )
  script('initdb', [])
  script('postgres', ['env', ...settings])
  return { binPath, libraryPaths: [], initArguments: ['--locale=C.UTF-8', '--no-sync'] }
}
