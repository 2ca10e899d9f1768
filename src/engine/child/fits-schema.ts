import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { isSame } from './merge-schemas.ts'

/** How many schemas may still be looked at; beyond it everything fits. */
export interface Budget {
  left: number
}

const isOfType = (value: Json, type: Json): boolean => {
  if (type === 'any') return true
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isJsonObject(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])

/** Whether a number lies within bounds; a bound that is no number bounds nothing. */
const isWithin = (value: number, low: Json | undefined, high: Json | undefined): boolean =>
  !(typeof low === 'number' && value < low) && !(typeof high === 'number' && value > high)

function fitsType(value: Json, { type, nullable }: JsonObject): boolean {
  if (type === undefined || (nullable === true && value === null)) return true
  return Array.isArray(type)
    ? (type as readonly Json[]).some((t) => isOfType(value, t))
    : isOfType(value, type)
}

function fitsObject(value: JsonObject, schema: JsonObject, budget: Budget): boolean {
  if (!listOf(schema.required).every((key) => Object.hasOwn(value, String(key)))) return false
  const properties = isJsonObject(schema.properties) ? schema.properties : {}
  const extra = schema.additionalProperties
  return Object.entries(value).every(([key, member]) => {
    const own = Object.hasOwn(properties, key) ? properties[key] : extra
    return own === undefined || fitsSchema(member, own, budget)
  })
}

function fitsArray(value: readonly Json[], schema: JsonObject, budget: Budget): boolean {
  if (!isWithin(value.length, schema.minItems, schema.maxItems)) return false
  const prefix = listOf(schema.prefixItems)
  return value.every((item, i) => fitsSchema(item, prefix[i] ?? schema.items ?? true, budget))
}

function fitsContent(value: Json, schema: JsonObject, budget: Budget): boolean {
  if (typeof value === 'number') return isWithin(value, schema.minimum, schema.maximum)
  if (typeof value === 'string')
    return isWithin([...value].length, schema.minLength, schema.maxLength)
  if (Array.isArray(value)) return fitsArray(value, schema, budget)
  return isJsonObject(value) ? fitsObject(value, schema, budget) : true
}

/**
 * Whether a value of an `enum` or `const` fits the rest of its schema, as far as a grammar would
 * hold it. What references demand is not looked at.
 */
export function fitsSchema(value: Json, schema: Json, budget: Budget): boolean {
  if (budget.left-- <= 0) return true
  if (!isJsonObject(schema)) return schema !== false
  const isAmong = (values: readonly Json[]) =>
    values.some((known) => budget.left-- <= 0 || isSame(known, value))
  if (schema.const !== undefined && !isAmong([schema.const])) return false
  if (Array.isArray(schema.enum) && !isAmong(schema.enum)) return false
  for (const key of ['anyOf', 'oneOf'])
    if (
      Array.isArray(schema[key]) &&
      !listOf(schema[key]).some((s) => fitsSchema(value, s, budget))
    )
      return false
  return (
    listOf(schema.allOf).every((part) => fitsSchema(value, part, budget)) &&
    fitsType(value, schema) &&
    fitsContent(value, schema, budget)
  )
}
