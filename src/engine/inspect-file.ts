// edge: reads files.
import { describeGguf, type GgufDescription } from './gguf/describe-gguf.ts'
import { readModel } from './gguf/read-model.ts'
import { hashHere } from './open-hasher.ts'
import type { HashFiles } from './types.ts'

/** What a model file is. It needs no engine to be known. */
export interface GgufFacts extends GgufDescription {
  readonly sizeBytes: number
  /** Of the whole file, or of all parts one after another, in lower-case hexadecimal. */
  readonly sha256: string
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void

export interface InspectOptions {
  readonly onProgress?: OnProgress
  /** Ends it: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** The hash of the file where it is known: a file that is one is not read for it again. */
  readonly sha256?: string
}

/**
 * The facts of the GGUF file at `path`, or of the split model whose first part it is, with the hash
 * that identifies its weights. Errors: engine_file_*.
 */
export async function inspectFile(
  path: string,
  options: InspectOptions = {},
  hashFiles: HashFiles = hashHere,
): Promise<GgufFacts> {
  const { signal, onProgress } = options
  const { header, sizeBytes, paths } = await readModel(path)
  signal?.throwIfAborted()
  const known = paths.length === 1 ? options.sha256 : undefined
  const sha256 =
    known ??
    (await hashFiles(paths, {
      onBytes: (doneBytes) => onProgress?.(doneBytes, sizeBytes),
      ...(signal === undefined ? {} : { signal }),
    }))
  return { ...describeGguf(header), sizeBytes, sha256 }
}
