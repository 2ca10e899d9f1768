// edge: reads files.
import { type FileHandle, open, stat } from 'node:fs/promises'
import { Refusal } from '../../kernel/index.ts'
import { refuse } from '../errors.ts'
import { type GgufHeader, parseGguf } from './parse-gguf.ts'

const FIRST_BYTES = 1_048_576
const MAX_HEADER_BYTES = 512 * 1_048_576

/** Opens a model file. Errors: engine_file_missing, engine_file_unreadable. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    // A pipe or a device is never opened: that would wait for whoever writes into it.
    if (!(await stat(path)).isFile())
      throw refuse('engine_file_not_gguf', `${path} is not a file. Give the path of a GGUF file.`)
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Refusal) throw error
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw refuse('engine_file_missing', `There is no file ${path}. Give the path of a GGUF file.`)
    throw refuse('engine_file_unreadable', `${path} cannot be read (${code}).`, { cause: error })
  }
}

async function readStart(file: FileHandle, count: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(count)
  let filled = 0
  while (filled < count) {
    const { bytesRead } = await file.read(bytes, filled, count - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/**
 * The header of the GGUF file at `path` and the file's size in bytes.
 * Reads as much of the file as the header needs, not the weights.
 * Errors: engine_file_* as named in errors.ts.
 */
export async function readGguf(
  path: string,
  keepArrays: ReadonlySet<string> = new Set(),
): Promise<{ header: GgufHeader; sizeBytes: number }> {
  const file = await openFile(path)
  try {
    const sizeBytes = (await file.stat()).size
    for (let count = FIRST_BYTES; count <= MAX_HEADER_BYTES; count *= 4) {
      const bytes = await readStart(file, Math.min(count, sizeBytes))
      const header = parseGguf(bytes, { fileBytes: sizeBytes, keepArrays })
      if (header !== undefined) return { header, sizeBytes }
    }
    throw refuse('engine_file_damaged', 'The header of the GGUF file is larger than 512 MiB.')
  } finally {
    await file.close()
  }
}
