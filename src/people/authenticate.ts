// edge: talks to hashing
import type { Clock, PersonId, Refusal, TeamId } from '../kernel/index.ts'
import { batchLookups } from './batch-lookups.ts'
import { BoundedMap } from './bounded-map.ts'
import { type peopleErrors, refuse } from './errors.ts'
import { hashSecret, isWellFormedKey } from './key-format.ts'
import type { Outdated } from './outdated.ts'
import type { Authenticate, Credentials, Principal } from './types.ts'

/** What the database knows of a hash. */
export type Found =
  | {
      readonly kind: 'good'
      readonly principal: Principal
      /** When the use of a key was last noted; null: never; absent: it is a session. */
      readonly lastUsedMs?: number | null
    }
  | { readonly kind: 'revoked' | 'expired' }

export interface AuthenticatorOptions {
  readonly clock: Clock
  /** What is known of these hashes of keys; a hash left out belongs to no key. */
  readonly loadKeys: (hashes: readonly string[]) => Promise<ReadonlyMap<string, Found>>
  /** The same for hashes of session tokens. */
  readonly loadSessions: (hashes: readonly string[]) => Promise<ReadonlyMap<string, Found>>
  /** Whether changes that other processes make are heard of. */
  readonly isHearing: () => boolean
  /** The scraper's token and what it may do; null: none was set. */
  readonly scrape: { readonly hash: string; readonly principal: Principal } | null
  /** How people call the program here. */
  readonly command: string
}

export interface Authenticator {
  readonly authenticate: Authenticate
  /** Forgets what a change has outdated: it is looked up when it is asked for again. */
  forget(outdated: Outdated): void
}

type Code = keyof typeof peopleErrors & string
interface Known {
  readonly found: Found | null
  /** When it was asked for, by a clock that is never set. */
  readonly askedMs: number
}

const CAPACITY = 10_000
const GOOD_FOR_MS = 60_000
const BAD_FOR_MS = 5_000
/** While nothing is heard of other processes' changes. */
const UNHEARD_FOR_MS = 1_000

type Reason = 'wrong' | 'revoked' | 'expired'

const messages: Readonly<Record<Reason, { readonly code: Code; readonly text: string }>> = {
  wrong: {
    code: 'people_key_wrong',
    text: 'This key is not one of this market’s. Copy it again, or make a new one.',
  },
  revoked: {
    code: 'people_key_revoked',
    text: 'This key was revoked. Make a new one, or ask your admin for one.',
  },
  expired: {
    code: 'people_key_expired',
    text: 'This key has expired. Make a new one, or ask your admin for one.',
  },
}

/**
 * Tells whom a key or session belongs to, from memory where it can: a hit costs one SHA-256 and
 * one look into a map. Misses share one look-up, wrong keys are remembered for five seconds, and
 * text without a key's checksum never reaches the database.
 */
export function openAuthenticator(options: AuthenticatorOptions): Authenticator {
  const limits = { batch: 100, waiting: 5_000 }
  const stores = { key: createMemory(), session: createMemory() }
  const lookups = {
    key: batchLookups(options.loadKeys, limits),
    session: batchLookups(options.loadSessions, limits),
  }
  let generation = 0

  async function look(kind: Credentials['kind'], hash: string): Promise<Principal> {
    if (lookups[kind].isFull(hash))
      throw refuse('people_busy', 'Too many unknown keys at once. Try again in a second.', {
        retryAfterSeconds: 1,
      })
    const begun = generation
    const askedMs = options.clock.monotonicMs()
    const found = await lookups[kind].find(hash)
    const isGood = found?.kind === 'good'
    if (begun === generation)
      stores[kind][isGood ? 'known' : 'unknown'].set(hash, { found, askedMs })
    return principalOf(kind, found, options)
  }

  function isFresh({ found, askedMs }: Known): boolean {
    const ageMs = options.clock.monotonicMs() - askedMs
    if (ageMs < UNHEARD_FOR_MS) return true
    return ageMs < (found?.kind === 'good' ? GOOD_FOR_MS : BAD_FOR_MS) && options.isHearing()
  }

  function authenticate(credentials: Credentials): Principal | Promise<Principal> {
    const { kind } = credentials
    if (credentials.kind === 'key' && credentials.hash === undefined) {
      const { secret } = credentials
      if (!isWellFormedKey(secret)) return scraperOf(secret, options.scrape)
      credentials.hash = hashSecret(secret)
    }
    const hash = hashOf(credentials)
    const entry = stores[kind].known.get(hash) ?? stores[kind].unknown.get(hash)
    if (entry === undefined || !isFresh(entry)) return look(kind, hash)
    return principalOf(kind, entry.found, options)
  }

  function forget(outdated: Outdated): void {
    // What is being looked up was asked before the change: it is neither kept nor shared.
    generation += 1
    lookups.key.forget()
    lookups.session.forget()
    for (const kind of ['key', 'session'] as const) {
      const { known, unknown } = stores[kind]
      if (outdated.kind === 'all') {
        known.clear()
        unknown.clear()
      } else if (outdated.kind === 'holder') {
        const { id } = outdated
        known.deleteWhere(({ found }) => found?.kind === 'good' && isOf(found.principal, id))
      } else if (outdated.kind === kind) {
        known.delete(outdated.hash)
        unknown.delete(outdated.hash)
      }
    }
  }

  return { authenticate, forget }
}

function hashOf(credentials: Credentials): string {
  if (credentials.kind === 'session') return hashSecret(credentials.token)
  return credentials.hash ?? hashSecret(credentials.secret)
}

/** Wrong ones have a map of their own, so that a flood of them pushes no good one out. */
function createMemory() {
  return { known: new BoundedMap<Known>(CAPACITY), unknown: new BoundedMap<Known>(CAPACITY) }
}

function isOf({ personId, teamId }: Principal, holderId: PersonId | TeamId): boolean {
  return personId === holderId || teamId === holderId
}

function scraperOf(secret: string, scrape: AuthenticatorOptions['scrape']): Principal {
  // Hashes are compared, so how long it takes tells nothing of the token.
  if (scrape !== null && hashSecret(secret) === scrape.hash) return scrape.principal
  throw refuseKey('wrong')
}

function principalOf(
  kind: Credentials['kind'],
  found: Found | null,
  options: AuthenticatorOptions,
): Principal {
  if (found?.kind !== 'good') throw refuseAs(kind, found?.kind ?? 'wrong', options)
  const { principal } = found
  if (principal.expiresAtMs !== null && principal.expiresAtMs <= options.clock.nowMs())
    throw refuseAs(kind, 'expired', options)
  return principal
}

function refuseAs(
  kind: Credentials['kind'],
  why: Reason,
  { command }: AuthenticatorOptions,
): Refusal {
  return kind === 'session' ? refuseSession(command) : refuseKey(why)
}

function refuseSession(command: string): Refusal {
  return refuse(
    'people_session_ended',
    `Your session has ended. Open a new link: \`${command} link\` prints one.`,
  )
}

function refuseKey(why: Reason): Refusal {
  return refuse(messages[why].code, messages[why].text)
}
