import { posix } from 'node:path'
import { refuse } from './errors.ts'
import type { FileGroup, HubFile, HubRepo, Source } from './types.ts'

const QUANTISATION =
  /(?<=^|[-._ /])((?:UD-)?(?:I?Q\d+(?:_[A-Z0-9]+)*|TQ\d+_\d+|BF16|FP?16|FP?32|MXFP4(?:_MOE)?|NVFP4))(?=$|[-._ /])/gi
const PART = /-(\d{5})-of-(\d{5})(?=\.gguf$)/i

/** The models of a repository: its GGUF files, the parts of a split one together. */
export function groupFiles(repo: HubRepo): FileGroup[] {
  const byName = new Map<string, HubFile[]>()
  const seen = new Set<string>()
  for (const file of repo.files) {
    // A file that is listed twice is one; its checksum tells whether what comes is what was meant.
    if (!isModelFile(file.path) || seen.has(file.path)) continue
    seen.add(file.path)
    const key = file.path.replace(PART, (_, _part, count) => `-of-${count}`)
    byName.set(key, [...(byName.get(key) ?? []), file])
  }
  return [...byName.values()].map((files) => {
    const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
    return {
      quantisation: quantisationOf(sorted[0]?.path ?? ''),
      name: posix.basename(sorted[0]?.path ?? ''),
      sizeBytes: sorted.reduce((sum, file) => sum + file.sizeBytes, 0),
      files: sorted,
    }
  })
}

/** What helps a model to see, or was used to make it smaller, answers nothing by itself. */
function isModelFile(path: string): boolean {
  const name = posix.basename(path).toLowerCase()
  return name.endsWith('.gguf') && !/mmproj|imatrix/.test(name)
}

/** `Q4_K_M` of `lion-q4_k_m.gguf`, else of its folder; null: neither says. */
function quantisationOf(path: string): string | null {
  const name = posix
    .basename(path)
    .replace(/\.gguf$/i, '')
    .replace(/-\d{5}-of-\d{5}$/, '')
  for (const text of [name, posix.basename(posix.dirname(path))]) {
    const found = [...text.matchAll(QUANTISATION)].at(-1)?.[1]
    if (found !== undefined) return found.toUpperCase()
  }
  return null
}

/** What is taken where nobody says: small enough for most machines, close to the original. */
const USUAL = 'Q4_K_M'
const MOST_LISTED = 30

/**
 * The one that was asked for; without a wish Q4_K_M, else the only one.
 * Refuses with `hubs_no_model_file`, `hubs_choice_needed` (listing what there is),
 * `hubs_split_incomplete`, `hubs_checksum_missing`.
 */
export function chooseGroup(groups: readonly FileGroup[], source: Source): FileGroup {
  const where = `${source.publisher}/${source.repo}`
  if (groups.length === 0)
    throw refuse(
      'hubs_no_model_file',
      `${where} has no GGUF file. Look for a repository with GGUF files of it: often its name ends in -GGUF.`,
    )
  const { wish } = source
  const fitting = groups.filter((group) => isWished(group, wish ?? USUAL))
  const [only] = fitting.length === 0 && wish === null ? groups : fitting
  const isClear = fitting.length === 1 || (wish === null && groups.length === 1)
  if (only === undefined || !isClear)
    throw refuse('hubs_choice_needed', choiceText(source, fitting.length > 1 ? fitting : groups), {
      details: { quantisations: groups.map(labelOf) },
    })
  checkWhole(only)
  return only
}

function isWished(group: FileGroup, wish: string): boolean {
  const word = wish.toLowerCase()
  return (
    group.quantisation?.toLowerCase() === word ||
    group.files.some(
      ({ path }) => path.toLowerCase() === word || posix.basename(path).toLowerCase() === word,
    )
  )
}

/** By what a group can be asked for. */
export function labelOf(group: FileGroup): string {
  return group.quantisation ?? group.name
}

function choiceText(source: Source, groups: readonly FileGroup[]): string {
  const labels = groups.map(labelOf)
  const isAmbiguous = new Set(labels).size < labels.length
  const names = isAmbiguous ? groups.map(({ name }) => name) : labels
  const more = names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : ''
  const example = `${source.hub}:${source.publisher}/${source.repo}:${names[0] ?? USUAL}`
  const problem =
    source.wish === null
      ? `${source.publisher}/${source.repo} has several models.`
      : `${source.publisher}/${source.repo} has ${isAmbiguous ? 'several' : 'no'} "${source.wish}".`
  return `${problem} There is: ${names.slice(0, MOST_LISTED).join(', ')}${more}. Choose one, such as ${example}`
}

function checkWhole(group: FileGroup): void {
  const first = group.files[0]
  const count = Number(PART.exec(first?.path ?? '')?.[2] ?? 1)
  const numbers = group.files.map(({ path }) => Number(PART.exec(path)?.[1] ?? 1))
  if (group.files.length !== count || numbers.some((number, at) => number !== at + 1))
    throw refuse(
      'hubs_split_incomplete',
      group.files.length < count
        ? `Of ${group.name} only ${group.files.length} of ${count} parts are in the repository. Choose another quantisation.`
        : `The parts of ${group.name} are not numbered from 1 to ${count}. Choose another quantisation.`,
    )
  const bare = group.files.find(({ sha256 }) => sha256 === null)
  if (bare !== undefined)
    throw refuse(
      'hubs_checksum_missing',
      `The hub tells no SHA-256 of ${bare.path}, so it cannot be checked. Download it yourself and add the file.`,
    )
}
