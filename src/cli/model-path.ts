/** The path of a model in the API: the slashes of a name stay, the rest is encoded. */
export function modelPath(name: string): string {
  return `/api/models/${name.split('/').map(encodeURIComponent).join('/')}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a word is the id of a listing rather than a name. */
export function isListingId(word: string): boolean {
  return UUID.test(word)
}
