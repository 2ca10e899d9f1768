// edge: talks to the disk
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isJsonObject, parseJson } from '../kernel/index.ts'
import type { DownloadNote } from './types.ts'

/** Downloads of the last time, oldest first. What cannot be read is left out. */
export async function readNotes(folder: string): Promise<DownloadNote[]> {
  const names = await readdir(notesOf(folder)).catch(() => [])
  const notes: DownloadNote[] = []
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const note = parseJson(await readFile(join(notesOf(folder), name), 'utf8').catch(() => ''))
    // Our own file, written whole: its shape is the type's.
    if (isJsonObject(note) && note.version === VERSION) notes.push(note as unknown as DownloadNote)
  }
  return notes
}

const VERSION = 1

/** Writes a note as a whole: a reader sees the old or the new one. */
export async function writeNote(folder: string, note: DownloadNote): Promise<void> {
  await mkdir(notesOf(folder), { recursive: true, mode: 0o700 })
  const path = join(notesOf(folder), `${note.id}.json`)
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(draft, JSON.stringify({ version: VERSION, ...note }), { mode: 0o600 })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

export async function removeNote(folder: string, id: string): Promise<void> {
  await rm(join(notesOf(folder), `${id}.json`), { force: true })
}

function notesOf(folder: string): string {
  return join(folder, '.downloads')
}
