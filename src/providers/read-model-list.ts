import { bareOffer, type Capability, type Modality, type OfferedModel } from '../catalog/index.ts'
import { isJsonObject, type Json, type JsonObject, parseJson } from '../kernel/index.ts'

/** More than any service offers today; the rest of a longer list is left out. */
export const MAX_MODELS = 5_000
const MAX_ID_LENGTH = 256

/**
 * The models in the answer to `GET …/models`, each id once, in its order. Understands the OpenAI
 * shape, a bare array, and `{models: […]}`, and reads what some servers say beyond the dialect.
 * Null: the text is no such list. Entries without a usable id are left out.
 */
export function readModelList(text: string): readonly OfferedModel[] | null {
  const entries = entriesOf(parseJson(text))
  if (entries === null) return null
  const byId = new Map<string, OfferedModel>()
  for (const entry of entries) {
    const model = readModel(entry)
    if (model !== null && !byId.has(model.id)) byId.set(model.id, model)
    if (byId.size >= MAX_MODELS) break
  }
  return [...byId.values()]
}

function entriesOf(value: Json | undefined): readonly Json[] | null {
  if (isList(value)) return value
  if (!isJsonObject(value)) return null
  if (isList(value.data)) return value.data
  if (isList(value.models)) return value.models
  // Ollama without models answers {"object":"list","data":null}.
  return value.object === 'list' && value.data === null ? [] : null
}

function readModel(entry: Json): OfferedModel | null {
  if (typeof entry === 'string') return isUsableId(entry) ? bareOffer(entry) : null
  if (!isJsonObject(entry)) return null
  const id = [entry.id, entry.name, entry.model].find((value) => typeof value === 'string')
  if (id === undefined || !isUsableId(id)) return null
  return {
    id,
    ownedBy: textOf(entry.owned_by),
    createdAtSeconds: createdOf(entry.created),
    contextTokens: contextOf(entry),
    parametersTotal: countOf(objectOf(entry.meta)?.n_params),
    capabilities: capabilitiesOf(entry),
    modalities: modalitiesOf(entry),
  }
}

function isUsableId(id: string): boolean {
  if (id.length === 0 || id.length > MAX_ID_LENGTH) return false
  return id.isWellFormed() && !/\p{Cc}/u.test(id) // a database changes what is not well-formed
}

function contextOf(entry: JsonObject): number | null {
  return (
    countOf(entry.context_length) ?? // OpenRouter, Together
    countOf(entry.max_model_len) ?? // vLLM, SGLang
    countOf(entry.context_window) ?? // Groq
    countOf(entry.max_context_length) ?? // Mistral, LM Studio
    countOf(objectOf(entry.meta)?.n_ctx) ?? // llama.cpp: what this server runs it with
    countOf(objectOf(entry.meta)?.n_ctx_train)
  )
}

function capabilitiesOf(entry: JsonObject): readonly Capability[] | null {
  const said = objectOf(entry.capabilities) // Mistral
  if (said !== null && typeof said.completion_chat === 'boolean') {
    const told: Capability[] = []
    if (said.completion_chat) told.push('chat')
    if (said.completion_fim === true) told.push('completion')
    return told.length > 0 ? told : null
  }
  if (isList(entry.capabilities)) return capabilitiesIn(entry.capabilities)
  if (entry.type === 'embeddings' || entry.type === 'embedding') return ['embedding']
  if (entry.type === 'llm' || entry.type === 'vlm') return ['chat', 'completion'] // LM Studio
  return entry.type === 'chat' ? ['chat'] : null // Together
}

function capabilitiesIn(words: readonly Json[]): readonly Capability[] | null {
  const known: Record<string, Capability> = {
    chat: 'chat',
    completion: 'completion',
    embedding: 'embedding',
    embeddings: 'embedding',
  }
  const told = new Set<Capability>()
  for (const word of words) {
    const capability = typeof word === 'string' ? known[word] : undefined
    if (capability !== undefined) told.add(capability)
  }
  return told.size > 0 ? [...told] : null
}

function modalitiesOf(entry: JsonObject): readonly Modality[] | null {
  const words = objectOf(entry.architecture)?.input_modalities // OpenRouter
  if (isList(words)) {
    const told = words.filter(isModality)
    return told.length > 0 ? told : null
  }
  if (entry.type === 'vlm') return ['text', 'image']
  return objectOf(entry.capabilities)?.vision === true ? ['text', 'image'] : null
}

function isModality(word: Json): word is Modality {
  return word === 'text' || word === 'image' || word === 'audio' || word === 'video'
}

function createdOf(value: Json | undefined): number | null {
  const seconds = countOf(value)
  const isPlausible = seconds !== null && seconds < 4_102_444_800 // 2100; more is milliseconds
  return isPlausible ? seconds : null
}

function countOf(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && isUsableId(value) ? value : null
}

function objectOf(value: Json | undefined): JsonObject | null {
  return isJsonObject(value) ? value : null
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
