import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts'
import { type PriceFile, versionOf } from './parse-price-file.ts'
import { listAt, textOf } from './read-fields.ts'
import { readTerms } from './read-terms.ts'
import type { PricedListing, PriceVersion } from './types.ts'

/** Published prices, looked up by where a listing answers and what its model is called there. */
export interface PriceData {
  /** All versions, oldest first; empty: none is known. */
  versionsFor(listing: Pick<PricedListing, 'baseUrl' | 'upstreamModel'>): readonly PriceVersion[]
}

/** Files first, then the extract of `@pydantic/genai-prices`; null: it is not there. */
export function openPriceData(files: readonly PriceFile[], extract: Json | null): PriceData {
  const fromFiles = openFiles(files)
  const fromExtract = extract === null ? null : openExtract(extract)
  return {
    versionsFor(listing) {
      const own = fromFiles.versionsFor(listing)
      return own.length > 0 ? own : (fromExtract?.versionsFor(listing) ?? [])
    },
  }
}

function openFiles(files: readonly PriceFile[]): PriceData {
  return {
    versionsFor({ baseUrl, upstreamModel }) {
      const host = URL.parse(baseUrl)?.hostname ?? ''
      return files
        .filter(({ hosts }) => hosts.includes(host))
        .flatMap((file) =>
          file.prices
            .filter(({ model }) => model === upstreamModel)
            .map((price) => versionOf(file, price)),
        )
        .toSorted(byTime)
    },
  }
}

function byTime(a: PriceVersion, b: PriceVersion): number {
  return (a.fromMs ?? Number.NEGATIVE_INFINITY) - (b.fromMs ?? Number.NEGATIVE_INFINITY)
}

interface ExtractProvider {
  readonly id: string
  readonly address: RegExp
  readonly fallbacks: readonly string[]
  readonly models: readonly JsonObject[]
}

/** The extract is ours, checked by a test: of what is not as it should be, nothing is known. */
function openExtract(extract: Json): PriceData {
  const fields = isJsonObject(extract) ? extract : {}
  const name = `genai-prices@${textOf(fields.version) ?? 'unknown'}`
  const source = `https://github.com/pydantic/genai-prices, ${textOf(fields.package)} ${textOf(fields.version)} of ${textOf(fields.published)}`
  const currency = textOf(fields.currency) ?? 'USD'
  const providers = listAt(fields, 'providers', []).flatMap(readProvider)
  const byId = new Map(providers.map((provider) => [provider.id, provider]))
  return {
    versionsFor({ baseUrl, upstreamModel }) {
      const url = URL.parse(baseUrl)
      if (url === null) return []
      // Without a name before the host, which could look like another host.
      const where = `${url.origin}${url.pathname}`
      const provider = providers.find(({ address }) => address.test(where))
      if (provider === undefined) return []
      const owners = [provider, ...provider.fallbacks.flatMap((id) => byId.get(id) ?? [])]
      for (const owner of owners) {
        const model = owner.models.find((each) => matches(each.match ?? null, upstreamModel))
        if (model === undefined) continue
        const ref = `${name}#${owner.id}/${textOf(model.id)}`
        return listAt(model, 'versions', []).map((version) =>
          readVersion(version, { ref, currency, source }),
        )
      }
      return []
    },
  }
}

function readProvider(value: Json): ExtractProvider[] {
  if (!isJsonObject(value)) return []
  const id = textOf(value.id)
  const address = textOf(value.address)
  if (id === null || address === null) return []
  return [
    {
      id,
      // What follows a host or a path must not make it another one.
      address: new RegExp(`^(?:${address})(?:[:/]|$)`),
      fallbacks: listAt(value, 'fallbacks', []).map(String),
      models: listAt(value, 'models', []).filter(isJsonObject),
    },
  ]
}

function readVersion(
  version: Json,
  of: { readonly ref: string; readonly currency: string; readonly source: string },
): PriceVersion {
  const from = isJsonObject(version) ? textOf(version.from) : null
  return {
    ref: from === null ? of.ref : `${of.ref}@${from}`,
    fromMs: from === null ? null : Date.parse(from),
    currency: of.currency,
    terms: readTerms(version, [], ['from']),
    source: of.source,
  }
}

/** Whether a name is meant, by the package's words for it. */
function matches(rule: Json, name: string): boolean {
  if (!isJsonObject(rule)) return false
  const [[word, value] = ['', null]] = Object.entries(rule)
  const lower = name.toLowerCase()
  switch (word) {
    case 'or':
      return Array.isArray(value) && value.some((each: Json) => matches(each, name))
    case 'and':
      return Array.isArray(value) && value.every((each: Json) => matches(each, name))
    case 'equals':
      return lower === String(value).toLowerCase()
    case 'starts_with':
      return lower.startsWith(String(value).toLowerCase())
    case 'ends_with':
      return lower.endsWith(String(value).toLowerCase())
    case 'contains':
      return lower.includes(String(value).toLowerCase())
    case 'regex':
      return new RegExp(String(value)).test(name)
    default:
      return false
  }
}
