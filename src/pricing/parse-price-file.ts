import { isCurrency, type Json, type JsonObject } from '../kernel/index.ts'
import { listAt, objectAt, type Path, PriceFault, refuseUnknown, textOf } from './read-fields.ts'
import { readTerms } from './read-terms.ts'
import { readYaml } from './read-yaml.ts'
import type { PriceVersion, Terms } from './types.ts'

/** One dated price of one model, as a file says it. */
export interface FilePrice {
  readonly model: string
  readonly day: string
  readonly fromMs: number
  readonly currency: string
  readonly terms: Terms
  readonly source: string
}

/** A file of prices: those of one provider, told by the hosts that it answers at. */
export interface PriceFile {
  readonly name: string
  readonly hosts: readonly string[]
  readonly prices: readonly FilePrice[]
}

/** Refuses with `pricing_file_invalid`, naming the file, the line and the keys. */
export function parsePriceFile(file: { name: string; text: string }): PriceFile {
  return readYaml(file, (value) => readFile(file.name, value))
}

function readFile(name: string, value: Json): PriceFile {
  const fields = objectAt(value, [])
  refuseUnknown(fields, ['provider', 'hosts', 'currency', 'models', 'source', 'notes'], [])
  const currency = currencyAt(fields, [])
  const hosts = listAt(fields, 'hosts', []).map((host, at) => {
    const text = String(host).toLowerCase()
    if (/^[a-z0-9.-]+$/.test(text)) return text
    throw new PriceFault(['hosts', at], 'a host is a name such as api.example.com')
  })
  if (hosts.length === 0) throw new PriceFault(['hosts'], 'name the hosts that the prices hold at')
  const models = objectAt(fields.models ?? null, ['models'])
  const inherited = { currency, source: textOf(fields.source) }
  const prices = Object.keys(models).flatMap((model) => readModel(models, model, inherited))
  return { name, hosts, prices }
}

interface Inherited {
  readonly currency: string | null
  readonly source: string | null
}

function readModel(models: JsonObject, model: string, inherited: Inherited): FilePrice[] {
  const days = new Map<string, number>()
  return listAt(models, model, ['models']).map((each, at) => {
    const path = ['models', model, at]
    const price = readPrice(each, path, inherited)
    const before = days.get(price.day)
    if (before !== undefined)
      throw new PriceFault([...path, 'from'], `two prices of ${model} for ${price.day}`)
    days.set(price.day, at)
    return { model, ...price }
  })
}

const OWN_FIELDS = ['from', 'source', 'currency', 'notes']

function readPrice(value: Json, path: Path, inherited: Inherited): Omit<FilePrice, 'model'> {
  const fields = objectAt(value, path)
  const terms = readTerms(fields, path, OWN_FIELDS)
  const day = dayAt(fields, 'from', path)
  const currency = currencyAt(fields, path) ?? inherited.currency
  if (currency === null) throw new PriceFault([...path, 'currency'], 'a price has a currency')
  const source = textOf(fields.source) ?? inherited.source
  if (source === null) throw new PriceFault([...path, 'source'], 'a price says where it is from')
  return { day, fromMs: Date.parse(day), currency, terms, source }
}

/** What a price of a file is in records of usage. */
export function versionOf(file: PriceFile, price: FilePrice): PriceVersion {
  const { fromMs, currency, terms, source } = price
  return { ref: `${file.name}#${price.model}@${price.day}`, fromMs, currency, terms, source }
}

/** A day as `YYYY-MM-DD`, one that exists. Throws `PriceFault`. */
export function dayAt(fields: JsonObject, name: string, path: Path): string {
  const text = String(fields[name] ?? '')
  const date = /^[1-9]\d{3}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : null
  if (date !== null && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text))
    return text
  throw new PriceFault(
    [...path, name],
    `${name} is a day, such as 2026-11-25, and not ${JSON.stringify(text)}`,
  )
}

/** Null: none is said. Throws `PriceFault` for what is no code of ISO 4217. */
export function currencyAt(fields: JsonObject, path: Path, name = 'currency'): string | null {
  const value = fields[name] ?? null
  if (value === null) return null
  if (typeof value === 'string' && isCurrency(value)) return value
  const shown = JSON.stringify(value)?.slice(0, 40)
  throw new PriceFault([...path, name], `${shown} is no currency: use a code such as USD or CNY`)
}
