import type { GgufHeader, GgufTensor, GgufValue } from './parse-gguf.ts'
import { fileTypeLabels, tensorPackings } from './tensor-types.ts'

/** What the header says of a model, as people ask for it. */
export interface GgufDescription {
  /** `llama`, `qwen3`, `bert` …; null where the file does not say. */
  readonly architecture: string | null
  /** `general.name`. */
  readonly name: string | null
  /** Who made it, by `general.organization` or `general.author`. */
  readonly publisher: string | null
  /** Elements of all tensors. */
  readonly parameterCount: number
  /** Those that work on one token: fewer than all where the model is a mixture of experts. */
  readonly activeParameterCount: number
  /** `F16`, `Q4_K_M` …, by the file's own label, else its most common tensor type. */
  readonly quantisation: string | null
  /** Tokens the model was trained to see at once. */
  readonly contextTokens: number | null
  readonly embeddingLength: number | null
  readonly hasChatTemplate: boolean
  readonly kind: 'chat' | 'completion' | 'embedding'
  /** `general.license`. */
  readonly licence: string | null
  /** More than one: the file is a part of a split model. */
  readonly partCount: number
  /** Bytes of key-value cache for one token of one sequence at 16 bits; null: not derivable. */
  readonly cacheBytesPerToken: number | null
}

const textOf = (value: GgufValue | undefined): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value : null
const numberOf = (value: GgufValue | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

const ENCODERS = new Set(['bert', 'nomic-bert', 'nomic-bert-moe', 'jina-bert-v2', 'modern-bert'])

function quantisationOf(header: GgufHeader): string | null {
  const fileType = numberOf(header.metadata.get('general.file_type'))
  const label = fileType === null ? undefined : fileTypeLabels.get(fileType)
  if (label !== undefined) return label
  const elementsByType = new Map<number, number>()
  for (const t of header.tensors)
    elementsByType.set(t.type, (elementsByType.get(t.type) ?? 0) + t.elementCount)
  const [commonest] = [...elementsByType].sort((a, b) => b[1] - a[1])
  return commonest === undefined ? null : (tensorPackings.get(commonest[0])?.name ?? null)
}

const isExpert = (tensor: GgufTensor) => tensor.name.includes('_exps.')

function activeParametersOf(header: GgufHeader, architecture: string | null): number {
  const expertCount = numberOf(header.metadata.get(`${architecture}.expert_count`)) ?? 0
  const usedCount = numberOf(header.metadata.get(`${architecture}.expert_used_count`)) ?? 0
  const share = expertCount > 0 && usedCount > 0 ? usedCount / expertCount : 1
  let active = 0
  for (const t of header.tensors) active += isExpert(t) ? t.elementCount * share : t.elementCount
  return Math.round(active)
}

function kindOf(header: GgufHeader, architecture: string | null): GgufDescription['kind'] {
  const pooling = numberOf(header.metadata.get(`${architecture}.pooling_type`)) ?? 0
  if (pooling > 0 || ENCODERS.has(architecture ?? '')) return 'embedding'
  return textOf(header.metadata.get('tokenizer.chat_template')) === null ? 'completion' : 'chat'
}

/** The largest of a value that may differ by layer. */
function largest(value: GgufValue | undefined): number | null {
  if (Array.isArray(value)) return Math.max(0, ...value.map((v) => numberOf(v) ?? 0))
  return numberOf(value as GgufValue)
}

function cacheBytesOf(header: GgufHeader, architecture: string | null): number | null {
  const read = (key: string) => largest(header.metadata.get(`${architecture}.${key}`))
  const layers = read('block_count')
  const width = read('embedding_length')
  const heads = read('attention.head_count')
  if (layers === null || width === null || heads === null || heads === 0) return null
  const cacheHeads = read('attention.head_count_kv') ?? heads
  const keyLength = read('attention.key_length') ?? width / heads
  const valueLength = read('attention.value_length') ?? width / heads
  return Math.ceil(layers * cacheHeads * (keyLength + valueLength) * 2)
}

/** What a header says of its model. Absent facts are null: nothing is guessed. */
export function describeGguf(header: GgufHeader): GgufDescription {
  const { metadata } = header
  const architecture = textOf(metadata.get('general.architecture'))
  return {
    architecture,
    name: textOf(metadata.get('general.name')),
    publisher:
      textOf(metadata.get('general.organization')) ?? textOf(metadata.get('general.author')),
    parameterCount: header.tensors.reduce((sum, t) => sum + t.elementCount, 0),
    activeParameterCount: activeParametersOf(header, architecture),
    quantisation: quantisationOf(header),
    contextTokens: numberOf(metadata.get(`${architecture}.context_length`)),
    embeddingLength: numberOf(metadata.get(`${architecture}.embedding_length`)),
    hasChatTemplate: textOf(metadata.get('tokenizer.chat_template')) !== null,
    kind: kindOf(header, architecture),
    licence: textOf(metadata.get('general.license')),
    partCount: numberOf(metadata.get('split.count')) ?? 1,
    cacheBytesPerToken: cacheBytesOf(header, architecture),
  }
}
