// edge: talks to the disk
import { mkdir, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assert } from '../kernel/index.ts'
import { partPathOf, sizeOf } from './fetch-file.ts'
import { localPathOf } from './local-path.ts'
import type { DownloadNote } from './types.ts'

export type WantedFiles = Pick<DownloadNote, 'hub' | 'publisher' | 'repo' | 'files'>

/** Bytes of each file, by its checksum, that are still to come. */
export async function missingOf(folder: string, wanted: WantedFiles): Promise<Map<string, number>> {
  const missing = new Map<string, number>()
  for (const file of wanted.files) {
    const whole = join(folder, localPathOf(wanted, wanted.files, file))
    const hereBytes = Math.max(await sizeOf(whole), await sizeOf(partPathOf(folder, file)))
    missing.set(file.sha256, Math.max(0, file.sizeBytes - hereBytes))
  }
  return missing
}

/** Where files lie once they are whole, in their order. */
export function pathsOf(folder: string, wanted: WantedFiles): [string, ...string[]] {
  const [first, ...rest] = wanted.files.map((file) =>
    join(folder, localPathOf(wanted, wanted.files, file)),
  )
  assert(first !== undefined, 'hubs: a download has at least one file')
  return [first, ...rest]
}

/** Free on the disk of the folder, which is made where it is missing. */
export async function freeBytesOf(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => {
    // Told when it is written.
  })
  const { bavail, bsize } = await statfs(folder).catch(() => statfs(dirname(folder)))
  return bavail * bsize
}
