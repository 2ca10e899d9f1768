import { usageFailure } from './failure.ts'

/**
 * The path of a model in the API: the slashes of a name stay, the rest is encoded. Fails on a part
 * that a path takes for a step elsewhere, and on one that is empty.
 */
export function modelPath(name: string): string {
  if (name.split('/').some((part) => ['', '.', '..'].includes(part)))
    throw usageFailure(`"${name}" is no name of a model: names are like publisher/name.`)
  return `/api/models/${name.split('/').map(encodeURIComponent).join('/')}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a word is the id of a listing rather than a name. */
export function isListingId(word: string): boolean {
  return UUID.test(word)
}
