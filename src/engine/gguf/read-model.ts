// edge: reads files.
import { basename, dirname, join } from 'node:path'
import { Refusal } from '../../kernel/index.ts'
import { refuse } from '../errors.ts'
import type { GgufHeader } from './parse-gguf.ts'
import { readGguf } from './read-gguf.ts'

export interface ReadModel {
  /** Of the first file, with the tensors of all. */
  readonly header: GgufHeader
  /** Of all files. */
  readonly sizeBytes: number
  /** One, or the parts of a split model in their order. */
  readonly paths: readonly string[]
}

/**
 * A whole model by the path of its file, or of the first part of a split one, whose other parts lie
 * beside it as llama.cpp names them. Errors: engine_file_*.
 */
export async function readModel(path: string): Promise<ReadModel> {
  const first = await readGguf(path)
  const count = first.header.metadata.get('split.count')
  if (typeof count !== 'number' || count <= 1) return { ...first, paths: [path] }
  const paths = partPaths(path, count)
  const tensors = [...first.header.tensors]
  let { sizeBytes } = first
  for (const [at, part] of paths.entries()) {
    if (at === 0) continue
    const read = await readGguf(part).catch((error: unknown) => {
      throw explainPart(error, at + 1, count)
    })
    tensors.push(...read.header.tensors)
    sizeBytes += read.sizeBytes
  }
  return { header: { ...first.header, tensors }, sizeBytes, paths }
}

const MOST_PARTS = 99_999

function partPaths(path: string, count: number): string[] {
  const total = String(count).padStart(5, '0')
  const ending = `-00001-of-${total}.gguf`
  const name = basename(path)
  if (!name.endsWith(ending) || count > MOST_PARTS)
    throw refuse(
      'engine_file_split',
      `${path} is one of ${count} parts. Add the first, whose name ends in ${ending}, with the others beside it.`,
    )
  const stem = name.slice(0, -ending.length)
  return Array.from({ length: count }, (_, at) =>
    join(dirname(path), `${stem}-${String(at + 1).padStart(5, '0')}-of-${total}.gguf`),
  )
}

function explainPart(error: unknown, number: number, count: number): unknown {
  if (!(error instanceof Refusal) || error.code !== 'engine_file_missing') return error
  return refuse(
    'engine_file_split',
    `Part ${number} of ${count} of the model is missing. Put all of them into one folder and add the first.`,
    { cause: error },
  )
}
