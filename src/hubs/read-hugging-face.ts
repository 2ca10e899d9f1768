import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts'
import { readSha256, readSize, readWords } from './read-fields.ts'
import type { HubFile, HubRepo } from './types.ts'

/**
 * What `GET /api/models/ORG/REPO?blobs=true` of Hugging Face answers
 * (https://huggingface.co/docs/hub/api, https://huggingface.co/.well-known/openapi.json): `sha` is
 * the commit, `siblings` the files, whose `lfs.sha256` is the checksum of the content. Null: the
 * answer is none of a hub.
 */
export function readHuggingFace(answer: Json | undefined): HubRepo | null {
  if (!isJsonObject(answer) || !Array.isArray(answer.siblings)) return null
  return {
    revision:
      typeof answer.sha === 'string' && /^[0-9a-f]{40}$/.test(answer.sha) ? answer.sha : 'main',
    licence: licenceOf(answer),
    isGated: answer.gated !== undefined && answer.gated !== false,
    files: answer.siblings.filter(isJsonObject).flatMap(readFile),
  }
}

function readFile(sibling: JsonObject): HubFile[] {
  const lfs = isJsonObject(sibling.lfs) ? sibling.lfs : {}
  const sizeBytes = readSize(lfs.size) ?? readSize(sibling.size)
  if (typeof sibling.rfilename !== 'string' || sizeBytes === null) return []
  return [{ path: sibling.rfilename, sizeBytes, sha256: readSha256(lfs.sha256 ?? lfs.oid) }]
}

/** The card's own words; for `other`, the name it gives. */
function licenceOf(answer: JsonObject): string | null {
  const card = isJsonObject(answer.cardData) ? answer.cardData : {}
  const said = Array.isArray(card.license) ? card.license.join(', ') : card.license
  const tag = Array.isArray(answer.tags)
    ? answer.tags.find((each) => typeof each === 'string' && each.startsWith('license:'))
    : undefined
  const licence = typeof said === 'string' ? said : String(tag ?? '').replace(/^license:/, '')
  const isNamed = licence === 'other' && typeof card.license_name === 'string'
  return readWords(isNamed ? card.license_name : licence)
}
