/** A model's name in two parts. */
export interface ModelName {
  readonly publisher: string
  readonly name: string
}

/** The publisher of house models. */
export const HOUSE_PUBLISHER = 'baimo'

const MAX_PART_LENGTH = 128

/**
 * What the catalog calls an upstream's model. The publisher is the one in the id where it has
 * exactly one slash (`mistralai/Mistral-7B`); else the provider's own publisher when its kind is
 * a maker's service; else the provider's name stands in, which says: the publisher is unknown.
 * Characters that names cannot have become `-`.
 */
export function nameUpstreamModel(
  upstreamId: string,
  provider: { readonly name: string; readonly publisher: string | null },
): ModelName {
  const parts = upstreamId
    .replace(/^(hf\.co|huggingface\.co|models)\//, '') // Ollama's import prefix, Gemini's resource
    .split('/')
    .filter((part) => part !== '')
  const [first = '', second] = parts
  const isNamed = second !== undefined && parts.length === 2 && !upstreamId.startsWith('/')
  const publisher = isNamed ? first : (provider.publisher ?? provider.name)
  return { publisher: namePart(publisher), name: namePart(parts.at(-1) ?? upstreamId) }
}

/** Text as one part of a model's name: letters, digits and `. _ : @ + -`, not empty. */
export function namePart(text: string): string {
  const cleaned = text
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}._:@+-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}]+|-+$/gu, '')
    .slice(0, MAX_PART_LENGTH)
  return cleaned === '' ? 'model' : cleaned
}

/** The name of a model file without its folder and ending, as a part of a name in lower case. */
export function fileNamePart(pathOrTitle: string): string {
  const base = pathOrTitle.replace(/^.*[\\/]/, '').replace(/\.gguf$/i, '')
  return namePart(base.toLowerCase())
}

export function fullName(model: ModelName): string {
  return `${model.publisher}/${model.name}`
}

/** How a name is compared: names differ by more than case. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

/** A name that nothing else has: the given one, else with `@suffix`, else with `@suffix-2` … */
export function freeName(
  wanted: ModelName,
  suffix: string,
  isTaken: (key: string) => boolean,
): ModelName {
  if (!isTaken(nameKey(fullName(wanted)))) return wanted
  for (let i = 1; ; i++) {
    const name = `${wanted.name}@${namePart(suffix)}${i === 1 ? '' : `-${i}`}`
    if (!isTaken(nameKey(fullName({ ...wanted, name })))) return { ...wanted, name }
  }
}
