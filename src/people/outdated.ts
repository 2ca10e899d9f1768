import type { PersonId, TeamId } from '../kernel/index.ts'

/** What is no longer true of who may do what, after a change of it. */
export type Outdated =
  | { readonly kind: 'key' | 'session'; readonly hash: string }
  | { readonly kind: 'holder'; readonly id: PersonId | TeamId }
  | { readonly kind: 'all' }

/** As it is told to the other processes. It holds no secret: a hash opens nothing. */
export function writeOutdated(outdated: Outdated): string {
  if (outdated.kind === 'all') return 'all'
  return `${outdated.kind} ${outdated.kind === 'holder' ? outdated.id : outdated.hash}`
}

/** What another process told. What cannot be read, as a newer version may write it, is all. */
export function readOutdated(text: string): Outdated {
  const [kind = '', name = ''] = text.split(' ')
  if ((kind === 'key' || kind === 'session') && /^[\w-]{20,100}$/.test(name))
    return { kind, hash: name }
  if (kind === 'holder' && /^[0-9a-f-]{36}$/.test(name)) return { kind, id: name as PersonId }
  return { kind: 'all' }
}
