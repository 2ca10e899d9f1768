// edge: makes a folder where the path is too long.
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The shortest of the systems' limits (macOS: 104 bytes with the final zero). */
const MAX_PATH_BYTES = 103

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 24)

/**
 * Where the child listens: a socket in `runFolder`; a named pipe on Windows; where the folder's
 * path is too long for a socket, a private folder below the system's temporary one.
 */
export function chooseSocket(runFolder: string, platform: string = process.platform): string {
  if (platform === 'win32') return `\\\\.\\pipe\\baimo-engine-${digestOf(runFolder)}`
  const path = join(runFolder, 'engine.sock')
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path
  const folder = join(tmpdir(), `baimo-${process.getuid?.() ?? 0}-${digestOf(runFolder)}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return join(folder, 'engine.sock')
}
