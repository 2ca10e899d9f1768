import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { HashFiles } from '../../src/hubs/types.ts'

/** Hashes small files whole: tests below the engine have no thread for it. */
export const hashHere: HashFiles = async (paths, { onBytes, signal } = {}) => {
  const hash = createHash('sha256')
  let doneBytes = 0
  for (const path of paths) {
    const content = await readFile(path, { signal })
    hash.update(content)
    doneBytes += content.length
    onBytes?.(doneBytes)
  }
  return hash.digest('hex')
}
