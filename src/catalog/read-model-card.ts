import { isJsonObject, type JsonObject, parseJson } from '../kernel/index.ts'
import { fileNamePart, HOUSE_PUBLISHER, namePart } from './name-upstream-model.ts'
import type { NamedFile } from './plan-file.ts'
import type { FactName } from './types.ts'

/**
 * What a house model's card says, `models/<name>.json` beside `models/<name>.gguf`. It may hold
 * `name` (with or without `baimo/`), `family`, and facts by their names: `openness`, `licence`,
 * `publisher_country`, `parameters` or `parameters_total`, `parameters_active`, `context_tokens`,
 * `modalities`. Everything else in it is for people. Null text: there is no card.
 */
export function readModelCard(fileName: string, text: string | null): NamedFile {
  const card = cardOf(text)
  const said = typeof card.name === 'string' ? card.name : fileNamePart(fileName)
  const name = namePart(said.replace(/^baimo\//i, '').toLowerCase())
  const facts: Partial<Record<FactName, unknown>> = {
    openness: card.openness,
    licence: card.licence ?? card.license,
    publisher_country: card.publisher_country,
    parameters_total: card.parameters_total ?? card.parameters,
    parameters_active: card.parameters_active,
    context_tokens: card.context_tokens ?? card.context_length,
    modalities: card.modalities,
  }
  return {
    name: { publisher: HOUSE_PUBLISHER, name },
    family: typeof card.family === 'string' ? namePart(card.family.toLowerCase()) : familyOf(name),
    league: 'practice',
    facts,
    factSource: 'model card',
  }
}

function cardOf(text: string | null): JsonObject {
  const value = text === null ? undefined : parseJson(text)
  return isJsonObject(value) ? value : {}
}

/** `abacus` of `abacus-small`. */
function familyOf(name: string): string {
  return name.split('-')[0] ?? name
}
