/** A short name for addresses: latin letters and digits, joined by hyphens, at most 48. */
export function makeSlug(name: string, id = ''): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 48)
  // The end of a UUID of version 7 is random; its beginning is the time.
  const parts = [words === '' ? 'organisation' : words, id.slice(-8)]
  return parts.filter((part) => part !== '').join('-')
}
