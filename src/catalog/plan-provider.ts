import type { ProviderId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { nameKey, namePart } from './name-upstream-model.ts'
import type { CatalogRows, Provider, ProviderKind, ProviderPreset } from './types.ts'

/** A provider as it is to be added: kind and address are decided, the key is not sealed. */
export interface ProviderWish {
  readonly kind: ProviderKind
  readonly baseUrl: string
  /** Null: named for its kind or host. */
  readonly name: string | null
}

export interface ProviderMatch {
  /** The provider as it is to be kept, without its key. */
  readonly provider: Provider
  readonly isNew: boolean
}

const KEY = /^[\x21-\x7e]{1,4096}$/

/** The key as it is sent. Throws `catalog_key_missing`, `catalog_key_invalid`. */
export function readKey(given: string | null, preset: ProviderPreset): string | null {
  if (given === null) {
    if (!preset.needsKey) return null
    throw refuse('catalog_key_missing', `${preset.title} needs a key: give one.`, { param: 'key' })
  }
  const key = given.trim()
  if (KEY.test(key)) return key
  throw refuse(
    'catalog_key_invalid',
    key === ''
      ? 'The key is empty: give the one that the provider issued.'
      : 'The key holds spaces or characters that no key has: give it alone, on one line.',
    { param: 'key' },
  )
}

/**
 * The provider that a wish means: one of the same address that is there (or was, and was removed)
 * and has the wished name where one is wished, else a new one. Throws `catalog_name_taken`.
 */
export function matchProvider(
  rows: CatalogRows,
  wish: ProviderWish,
  made: { readonly id: ProviderId; readonly nowMs: number },
): ProviderMatch {
  const wished = wish.name === null ? null : namePart(wish.name)
  const sameAddress = rows.providers
    .filter((each) => each.baseUrl === wish.baseUrl && each.kind !== 'engine')
    .filter((each) => wished === null || nameKey(each.name) === nameKey(wished))
  const there = sameAddress.find((each) => each.removedAtMs === null) ?? sameAddress[0]
  const taken = takenBeside(rows, there?.id ?? null)
  if (wished !== null) refuseTaken(wished, taken)
  const name = wished ?? freeProviderName(there?.name ?? defaultName(wish), taken)
  if (there !== undefined) {
    return { provider: { ...there, name, kind: wish.kind, removedAtMs: null }, isNew: false }
  }
  const provider: Provider = {
    id: made.id,
    kind: wish.kind,
    name,
    baseUrl: wish.baseUrl,
    sealedKey: null,
    quirks: null,
    resilience: {},
    createdAtMs: made.nowMs,
    refreshedAtMs: null,
    removedAtMs: null,
  }
  return { provider, isNew: true }
}

/** The name that a provider is to have from now on. Throws `catalog_name_taken`. */
export function newName(rows: CatalogRows, provider: Provider, wished: string): string {
  const name = namePart(wished)
  refuseTaken(name, takenBeside(rows, provider.id))
  return name
}

function takenBeside(rows: CatalogRows, id: ProviderId | null): Set<string> {
  return new Set(
    rows.providers
      .filter((each) => each.removedAtMs === null && each.id !== id)
      .map((each) => nameKey(each.name)),
  )
}

function refuseTaken(name: string, taken: ReadonlySet<string>): void {
  if (!taken.has(nameKey(name))) return
  throw refuse(
    'catalog_name_taken',
    `Another provider is called ${name}: choose another name, or remove that one first.`,
    { param: 'name' },
  )
}

function defaultName(wish: ProviderWish): string {
  if (wish.kind !== 'generic') return wish.kind
  return namePart(URL.parse(wish.baseUrl)?.host ?? wish.kind)
}

function freeProviderName(name: string, taken: ReadonlySet<string>): string {
  for (let i = 1; ; i++) {
    const each = i === 1 ? name : `${name}-${i}`
    if (!taken.has(nameKey(each))) return each
  }
}
