// edge: talks to the disk
import { rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { partPathOf } from './fetch-file.ts'
import { pathsOf, type WantedFiles } from './measure-room.ts'

export interface Keeping {
  /** Downloads that still want what they name. */
  readonly others: readonly WantedFiles[]
  /** Whether a listing is of the file at a path. */
  readonly isListed: (path: string) => boolean
}

/**
 * Removes what a download brought, whole or in part, and the folders that are empty then. What a
 * listing is of stays, with all its parts, and what other downloads still want.
 */
export async function removeFiles(
  folder: string,
  wanted: WantedFiles,
  { others, isListed }: Keeping,
): Promise<void> {
  const otherHashes = new Set(others.flatMap(({ files }) => files.map(({ sha256 }) => sha256)))
  const otherPaths = new Set(others.flatMap((other) => pathsOf(folder, other)))
  for (const file of wanted.files) {
    if (otherHashes.has(file.sha256)) continue
    await rm(partPathOf(folder, file), { force: true })
    await rm(`${partPathOf(folder, file)}.etag`, { force: true })
  }
  const paths = pathsOf(folder, wanted)
  if (isListed(paths[0])) return
  for (const path of paths.filter((each) => !otherPaths.has(each))) await rm(path, { force: true })
  await removeEmpty(dirname(paths[0]), folder)
}

/** Upwards, as far as folders are empty. */
async function removeEmpty(from: string, top: string): Promise<void> {
  for (let at = from; at !== top && at.startsWith(top); at = dirname(at)) {
    const isGone = await rmdir(at).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    )
    if (!isGone) return
  }
}
