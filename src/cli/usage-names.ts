import type { KeyAnswer, ListingAnswer, MeAnswer, ModelAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import { Failure } from './failure.ts'
import { isListingId as isUuid, modelPath } from './model-path.ts'
import { pickOne } from './pick-one.ts'
import { UNKNOWN } from './words.ts'

/** What ids of usage are called, as far as the key may know. */
export interface UsageNames {
  /** Providers by listing; null: not for this key. */
  readonly places: ReadonlyMap<string, string> | null
  readonly keys: ReadonlyMap<string, string>
  readonly models: ReadonlyMap<string, string>
}

/** A key that may see no lists still knows its own name, and its usage without others'. */
export async function readUsageNames(market: MarketClient): Promise<UsageNames> {
  const listings = await listAllowed<ListingAnswer>(market, '/api/listings')
  const models = await listAllowed<ModelAnswer>(market, '/api/models')
  const keys = await readKeys(market)
  const places = listings?.map(({ id, provider }) => [id, provider.name ?? UNKNOWN] as const)
  return {
    places: places === undefined ? null : new Map(places),
    keys: new Map(keys.map(({ id, name }) => [id, name])),
    models: new Map((models ?? []).map(({ id, name }) => [id, name])),
  }
}

async function readKeys(market: MarketClient): Promise<readonly KeyAnswer[]> {
  const keys = await listAllowed<KeyAnswer>(market, '/api/keys')
  if (keys !== null) return keys
  const { key } = await market.get<MeAnswer>('/api/me')
  return key === null ? [] : [key]
}

/** The ids that a filter's words mean; null: there is no such filter. */
export async function findUsageIds(
  market: MarketClient,
  { key, model }: { readonly key?: string; readonly model?: string },
): Promise<{ readonly keyId: string | null; readonly modelId: string | null }> {
  const keyId = key === undefined ? null : await findKeyId(market, key)
  const modelId = model === undefined ? null : await findModelId(market, model)
  return { keyId, modelId }
}

async function findKeyId(market: MarketClient, word: string): Promise<string> {
  if (isUuid(word)) return word
  const keys = await readKeys(market)
  const live = keys.filter(({ revoked_at: at }) => at === null)
  const namesOf = ({ name, prefix }: KeyAnswer) => [name, prefix]
  const isLive = live.some((one) => namesOf(one).includes(word))
  return pickOne(isLive ? live : keys, word, { noun: 'key', listedBy: 'keys', namesOf }).id
}

async function findModelId(market: MarketClient, word: string): Promise<string> {
  if (isUuid(word)) return word
  try {
    return (await market.get<ModelAnswer>(modelPath(word))).id
  } catch (error) {
    if (!isForbidden(error)) throw error
    throw new Failure(
      'This key may not look models up (it lacks the scope api): give the model’s id, "--json" tells it.',
      { facts: error.facts },
    )
  }
}

/** Null: the key may not see them. */
async function listAllowed<Item>(market: MarketClient, path: string): Promise<Item[] | null> {
  try {
    return await market.list<Item>(path)
  } catch (error) {
    if (!isForbidden(error)) throw error
    return null
  }
}

function isForbidden(error: unknown): error is Failure {
  return error instanceof Failure && error.facts.status === 403
}
