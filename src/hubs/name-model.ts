import { labelOf } from './group-files.ts'
import type { FileGroup, Source } from './types.ts'

/**
 * What the model is called here: the repository without its `-GGUF`, and the quantisation:
 * `ORG/REPO:Q4_K_M`. Where several files of the repository share that, the name of the file.
 */
export function nameModel(source: Source, chosen: FileGroup, groups: readonly FileGroup[]): string {
  const base = source.repo.replace(/[-_.]gguf$/i, '')
  const label = labelOf(chosen)
  const isShared = groups.filter((group) => labelOf(group) === label).length > 1
  const stem = chosen.name.replace(/(-\d{5}-of-\d{5})?\.gguf$/i, '')
  const mark = isShared || chosen.quantisation === null ? stem : label
  const isSaid = mark.toLowerCase() === base.toLowerCase()
  return `${source.publisher}/${isSaid ? base : `${base}:${mark}`}`
}
