import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts'
import { readSha256, readSize, readWords } from './read-fields.ts'
import type { HubFile, HubRepo } from './types.ts'

/**
 * What two calls of ModelScope answer (as its public client makes them,
 * https://github.com/modelscope/modelscope, modelscope/hub/api.py):
 * `GET /api/v1/models/ORG/REPO/repo/files?Revision=master&Recursive=true` the files, each with
 * `Path`, `Size`, `Sha256` and `Type` (`tree`: a folder), and `GET /api/v1/models/ORG/REPO` the
 * model with its `License`. Null: the answer is none of a hub.
 */
export function readModelScope(files: Json | undefined, model: Json | undefined): HubRepo | null {
  const listed = dataOf(files)?.Files
  if (!Array.isArray(listed)) return null
  const facts = dataOf(model) ?? {}
  return {
    revision: 'master',
    licence: readWords(facts.License),
    isGated: false,
    files: listed.filter(isJsonObject).flatMap(readFile),
  }
}

function dataOf(answer: Json | undefined): JsonObject | null {
  return isJsonObject(answer) && isJsonObject(answer.Data) ? answer.Data : null
}

function readFile(file: JsonObject): HubFile[] {
  const sizeBytes = readSize(file.Size)
  if (file.Type === 'tree' || typeof file.Path !== 'string' || sizeBytes === null) return []
  return [{ path: file.Path, sizeBytes, sha256: readSha256(file.Sha256) }]
}
