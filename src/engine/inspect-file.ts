// edge: reads files.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { describeGguf, type GgufDescription } from './gguf/describe-gguf.ts'
import { readModel } from './gguf/read-model.ts'

/** What a model file is. It needs no engine to be known. */
export interface GgufFacts extends GgufDescription {
  readonly sizeBytes: number
  /** Of the whole file, or of all parts one after another, in lower-case hexadecimal. */
  readonly sha256: string
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void

async function hashFiles(
  paths: readonly string[],
  totalBytes: number,
  onProgress: OnProgress,
): Promise<string> {
  const hash = createHash('sha256')
  let doneBytes = 0
  for (const path of paths) {
    for await (const chunk of createReadStream(path, { highWaterMark: 4_194_304 })) {
      hash.update(chunk as Buffer)
      doneBytes += (chunk as Buffer).length
      onProgress(doneBytes, totalBytes)
    }
  }
  return hash.digest('hex')
}

/**
 * The facts of the GGUF file at `path`, or of the split model whose first part it is, with the hash
 * that identifies its weights. Errors: engine_file_*.
 */
export async function inspectFile(
  path: string,
  onProgress: OnProgress = () => {},
): Promise<GgufFacts> {
  const { header, sizeBytes, paths } = await readModel(path)
  const sha256 = await hashFiles(paths, sizeBytes, onProgress)
  return { ...describeGguf(header), sizeBytes, sha256 }
}
