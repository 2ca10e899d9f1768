// edge: reads files.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { refuse } from './errors.ts'
import { describeGguf, type GgufDescription } from './gguf/describe-gguf.ts'
import { readGguf } from './gguf/read-gguf.ts'

/** What a model file is. It needs no engine to be known. */
export interface GgufFacts extends GgufDescription {
  readonly sizeBytes: number
  /** Of the whole file, in lower-case hexadecimal: the identity of the weights. */
  readonly sha256: string
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void

async function hashFile(path: string, totalBytes: number, onProgress: OnProgress) {
  const hash = createHash('sha256')
  let doneBytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 4_194_304 })) {
    hash.update(chunk as Buffer)
    doneBytes += (chunk as Buffer).length
    onProgress(doneBytes, totalBytes)
  }
  return hash.digest('hex')
}

/** The header's facts without the hash: milliseconds, whatever the size. Errors: engine_file_*. */
export async function describeFile(
  path: string,
): Promise<GgufDescription & { readonly sizeBytes: number }> {
  const { header, sizeBytes } = await readGguf(path)
  const description = describeGguf(header)
  if (description.partCount > 1)
    throw refuse(
      'engine_file_split',
      `${path} is one of ${description.partCount} parts. Merge them with "llama-gguf-split --merge" and add the whole.`,
    )
  return { ...description, sizeBytes }
}

/** The facts of the GGUF file at `path`, with its hash. Errors: engine_file_*. */
export async function inspectFile(
  path: string,
  onProgress: OnProgress = () => {},
): Promise<GgufFacts> {
  const description = await describeFile(path)
  const sha256 = await hashFile(path, description.sizeBytes, onProgress)
  return { ...description, sha256 }
}
