import type { ModelId } from '../kernel/index.ts'
import type { Model, Proposal } from './types.ts'

/** Two models to be shown to the operator as perhaps one. The kept one is the older. */
export interface SameModelProposal {
  readonly keptModelId: ModelId
  readonly otherModelId: ModelId
  readonly reason: string
}

const MAX_PROPOSALS = 1_000

/**
 * Pairs of models whose names say the same once publisher, packing and spelling are taken away:
 * `meta-llama/Llama-3.2-3B-Instruct` and `ollama/llama3.2:3b`. The oldest of a group is the first
 * of each of its pairs. A pair that was ever proposed is not proposed again, whatever was decided.
 * Nothing follows from a proposal: only the operator's word makes two models one.
 */
export function proposeSameModel(
  models: readonly Model[],
  known: readonly Proposal[],
): SameModelProposal[] {
  const asked = new Set(known.flatMap((each) => pairKeys(each.keptModelId, each.otherModelId)))
  const oldestByKey = new Map<string, Model>()
  const proposals: SameModelProposal[] = []
  for (const model of models.toSorted(byAge)) {
    if (model.mergedIntoId !== null) continue
    const key = sameModelKey(model.name)
    const oldest = oldestByKey.get(key)
    if (oldest === undefined) oldestByKey.set(key, model)
    else if (proposals.length < MAX_PROPOSALS && !asked.has(`${oldest.id} ${model.id}`)) {
      proposals.push({
        keptModelId: oldest.id,
        otherModelId: model.id,
        reason: `Their names say the same without publisher, packing and spelling: "${key}".`,
      })
    }
  }
  return proposals
}

/** How a release is packed or served, not what it is. `base` stays: it is another model. */
const PACKING = new Set([
  'awq',
  'bf16',
  'bnb',
  'chat',
  'exl2',
  'f16',
  'f32',
  'fp16',
  'fp8',
  'free',
  'ggml',
  'gguf',
  'gptq',
  'hf',
  'imatrix',
  'instruct',
  'int4',
  'int8',
  'it',
  'latest',
  'mlx',
  'mxfp4',
  'nf4',
  'nvfp4',
  'ud',
])
const QUANTISATION = /^(i?q\d+|w\d+a\d+|\d+bit|k|[sml]|xs|xxs|xl|nl)$/

/**
 * What two names share when they mean the same model: lower case, without what follows `@`, without
 * words of packing and quantisation, without separators. Never empty.
 */
export function sameModelKey(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/@.*$/, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
  const isQuantised = words.some((word) => /^i?q\d+$/.test(word))
  const telling = words.filter((word, i) => {
    if (i === 0) return true
    if (PACKING.has(word) || /^(i?q\d+|w\d+a\d+|\d+bit)$/.test(word)) return false
    const isTail = QUANTISATION.test(word) || /^[01]$/.test(word)
    return !(isQuantised && isTail && i > words.findIndex((each) => /^i?q\d+$/.test(each)))
  })
  return telling.join('')
}

function byAge(a: Model, b: Model): number {
  return a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)
}

function pairKeys(a: ModelId, b: ModelId): string[] {
  return [`${a} ${b}`, `${b} ${a}`]
}
