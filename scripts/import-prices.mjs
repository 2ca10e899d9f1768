// Writes data/prices/genai-prices.json from the installed @pydantic/genai-prices: the providers,
// how their addresses and models are told, and the prices that Baimo can use, as exact decimals.
//   node scripts/import-prices.mjs YYYY-MM-DD     the day on which that version was published
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProvider } from '@pydantic/genai-prices'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const packageFolder = join(root, 'node_modules', '@pydantic', 'genai-prices')
const { name, version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
const published = process.argv[2] ?? ''
if (!/^\d{4}-\d\d-\d\d$/.test(published)) throw new Error('usage: import-prices.mjs YYYY-MM-DD')

/** What of a price Baimo can use: it counts tokens and requests, no pages, searches or hours. */
const FIELDS = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cached_input',
  cache_write_mtok: 'cache_write',
  output_reasoning_mtok: 'reasoning',
}
const rounded = []

/** The package keeps prices as floats: what is beyond six decimals is noise, or repeats. */
function decimal(number, where) {
  const text = number.toFixed(6).replace(/\.?0+$/, '')
  if (Number(text) !== number) rounded.push(`${where}: ${number}`)
  return text
}

function termsOf(prices, where) {
  const terms = {}
  const tiers = new Map()
  for (const [key, value] of Object.entries(prices)) {
    const field = FIELDS[key]
    if (key === 'requests_kcount') terms.per_request = decimal(value / 1000, `${where} ${key}`)
    if (field === undefined) continue
    const tiered = typeof value === 'number' ? { base: value, tiers: [] } : value
    terms[field] = decimal(tiered.base, `${where} ${key}`)
    for (const { start, price } of tiered.tiers) {
      const tier = tiers.get(start) ?? {}
      tiers.set(start, { ...tier, [field]: decimal(price, `${where} ${key} ${start}`) })
    }
  }
  if (terms.input === undefined && terms.output === undefined) return null
  if (tiers.size === 0) return terms
  // Each of the package's prices has tiers of its own; here a tier says all prices above it.
  const base = Object.fromEntries(Object.values(FIELDS).map((field) => [field, terms[field]]))
  let above = base
  terms.tiers = [...tiers]
    .sort(([a], [b]) => a - b)
    .map(([start, tier]) => {
      above = { ...above, ...tier }
      return { above_tokens: String(start), ...above }
    })
  return terms
}

/** Versions by date, each with its windows of the day (UTC); null: nothing of use. */
function versionsOf(model, where) {
  if (!Array.isArray(model.prices)) {
    const terms = termsOf(model.prices, where)
    return terms === null ? null : [terms]
  }
  const versions = []
  const windows = []
  for (const { constraint, prices } of model.prices) {
    const terms = termsOf(prices, where)
    if (terms === null) return null
    if (constraint?.type === 'time_of_date') {
      const { start_time: from, end_time: to } = constraint
      windows.push({ from: minuteOf(from), to: minuteOf(to), ...terms })
    } else if (windows.length > 0) throw new Error(`${where}: dates after windows are not read`)
    else versions.push(constraint === undefined ? terms : { from: constraint.start_date, ...terms })
  }
  // With windows alone the first is what holds outside all others.
  if (versions.length === 0) versions.push(withoutWindow(windows.shift()))
  const last = versions.at(-1)
  // Of windows that overlap the package takes the last.
  if (windows.length > 0) last.windows = windows.reverse()
  return versions
}

function withoutWindow({ from: _, to: __, ...terms }) {
  return terms
}

function minuteOf(text) {
  const match = /^(\d\d:\d\d):00(?:Z|\+00:00)$/.exec(text)
  if (match === null) throw new Error(`not a time of day in UTC: ${text}`)
  return match[1]
}

/**
 * Places that bill in yuan: their prices in dollars are not what they ask. Nothing is known of
 * them, rather than something wrong. Null: the whole provider has no address of its own.
 */
const ADDRESSES = {
  minimax: 'https://api\\.minimax\\.io',
  moonshotai: 'https://api\\.moonshot\\.ai',
  zhipuai: null,
}

/** How a provider's address begins: Baimo adds that a host or a part of a path ends after it. */
function addressOf({ id, api_pattern: pattern }) {
  if (id in ADDRESSES) return ADDRESSES[id]
  return pattern
    .replace(/\((?:\?:)?\/\|\$\)$/, '')
    .replaceAll('.*', '[^/]*')
    .replaceAll('[^.]*', '[^./]*')
}

const source = readFileSync(join(packageFolder, 'dist', 'index.js'), 'utf8')
const ids = [...source.matchAll(/^ {4}id: "([^"]+)",$/gm)].map(([, id]) => id)
const providers = [...new Set(ids)]
  .map((id) => findProvider({ providerId: id }))
  .filter((provider) => provider !== undefined)
  .map((provider) => ({
    id: provider.id,
    address: addressOf(provider),
    ...(provider.fallback_model_providers === undefined
      ? {}
      : { fallbacks: provider.fallback_model_providers }),
    models: provider.models.flatMap((model) => {
      const versions = versionsOf(model, `${provider.id} ${model.id}`)
      return versions === null ? [] : [{ id: model.id, match: model.match, versions }]
    }),
  }))

const header = { package: name, version, published, currency: 'USD' }
const lines = providers.map((provider) => JSON.stringify(provider))
writeFileSync(
  join(root, 'data', 'prices', 'genai-prices.json'),
  `${JSON.stringify(header).slice(0, -1)},"providers":[\n${lines.join(',\n')}\n]}\n`,
)
const models = providers.reduce((sum, provider) => sum + provider.models.length, 0)
process.stdout.write(`${providers.length} providers, ${models} models of ${name} ${version}\n`)
for (const line of rounded) process.stdout.write(`rounded to six decimals: ${line}\n`)
