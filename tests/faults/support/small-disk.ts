import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Place } from '../../support/market.ts'

/** A disk of a few hundred megabytes, of which a test may take every byte. */
export interface SmallDisk extends Place {
  /** Its folder, as those see it who run on it. */
  readonly path: string
  /** Takes every byte that is left. */
  fill(): void
  /** Gives back what `fill` took. */
  empty(): void
  freeBytes(): number
  /** Takes it away. Whoever runs on it must have ended. */
  close(): Promise<void>
}

/** Whether programs are missing that make such disks; and what the machine says against them. */
export function lookForDisks(): { readonly isMissing: boolean; readonly forbidden: string | null } {
  if (process.platform !== 'linux')
    return { isMissing: false, forbidden: 'namespaces are of Linux alone' }
  const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0
  if (!has('unshare') || !has('nsenter')) return { isMissing: true, forbidden: null }
  const script = 'mount -t tmpfs tmpfs /mnt && exec unshare --user --map-user=1000 true'
  const tried = spawnSync('unshare', ['-Urm', 'sh', '-c', script])
  if (tried.status === 0) return { isMissing: false, forbidden: null }
  return { isMissing: false, forbidden: String(tried.stderr).trim() || 'unshare failed' }
}

/**
 * A file system in memory, in a user and mount namespace of its own: no rights are needed, and
 * nobody else sees it. Whoever runs on it is an ordinary user there, as PostgreSQL wants it.
 */
export async function openSmallDisk(megabytes: number): Promise<SmallDisk> {
  const path = mkdtempSync(join(tmpdir(), 'baimo-disk-'))
  const script = `mount -t tmpfs -o size=${megabytes}m,mode=0700 tmpfs "$0" && echo made && exec cat`
  // It ends when its standard input does, so it does not outlive this process.
  const holder = spawn('unshare', ['-Urm', 'sh', '-c', script, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await Promise.race([
    once(holder.stdout, 'data'),
    once(holder, 'exit').then(() => Promise.reject(new Error('the small disk cannot be made'))),
  ])
  const seen = (inside: string): string => `/proc/${holder.pid}/root${inside}`
  const filling = seen(join(path, 'filling'))
  return {
    path,
    wrap: (command) => [
      ...['nsenter', '--target', String(holder.pid), '--user', '--mount', '--preserve-credentials'],
      ...['unshare', '--user', '--map-user=1000', '--map-group=1000', '--', ...command],
    ],
    seen,
    fill: () => fill(filling),
    empty: () => rmSync(filling, { force: true }),
    freeBytes() {
      const { bavail, bsize } = statfsSync(seen(path))
      return bavail * bsize
    },
    async close() {
      const ended = once(holder, 'exit')
      holder.stdin.end()
      await ended
      rmSync(path, { recursive: true })
    },
  }
}

function fill(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (const size of [4 * 1024 * 1024, 4_096, 1]) writeUntilFull(file, Buffer.alloc(size, 1))
  } finally {
    closeSync(file)
  }
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    while (true) writeSync(file, piece)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
