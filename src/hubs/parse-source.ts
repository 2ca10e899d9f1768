import { refuse } from './errors.ts'
import { HUB_KINDS, type Source } from './types.ts'

const PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/**
 * Reads `hf:ORG/REPO[:QUANT]`; QUANT may be a file of the repository, too.
 * Refuses with `hubs_source_invalid`.
 */
export function parseSource(text: string): Source {
  const [, prefix = '', publisher = '', repo = '', wish] =
    /^([a-z]+):([^/:]+)\/([^/:]+)(?::(.+))?$/is.exec(text.trim()) ?? []
  const hub = HUB_KINDS.find((kind) => kind === prefix.toLowerCase())
  const isFine = [publisher, repo].every((part) => PART.test(part) && !part.includes('..'))
  if (hub === undefined || !isFine || (wish !== undefined && !isWish(wish)))
    throw refuse(
      'hubs_source_invalid',
      'Write hf:ORG/REPO (Hugging Face) or ms:ORG/REPO (ModelScope), with :QUANT or :FILE.gguf for a certain one.',
      { param: 'source' },
    )
  return { hub, publisher, repo, wish: wish ?? null }
}

function isWish(wish: string): boolean {
  return wish.length <= 300 && !/\p{Cc}/u.test(wish)
}

/** The source as people write it. */
export function formatSource({ hub, publisher, repo, wish }: Source): string {
  return `${hub}:${publisher}/${repo}${wish === null ? '' : `:${wish}`}`
}
