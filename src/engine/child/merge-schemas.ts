import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'

/** What no JSON value can fulfil. The message ends "The JSON schema cannot be used:". */
export class Unsatisfiable extends Error {}

type Merge = (a: Json, b: Json) => Json

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value])
/** Whether two values are the same JSON. Ends at the first difference, however large both are. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item: Json, i) => isSame(item, b[i]))
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
}

const both: Merge = (a, b) => ({ allOf: [a, b] })
const higher: Merge = (a, b) => (typeof a === 'number' && typeof b === 'number' && b > a ? b : a)
const lower: Merge = (a, b) => (typeof a === 'number' && typeof b === 'number' && b < a ? b : a)

function commonTypes(a: Json, b: Json): Json {
  const [left, right] = [listOf(a), listOf(b)]
  const common = left.filter(
    (type) => right.includes(type) || (type === 'integer' && right.includes('number')),
  )
  if (right.includes('integer') && left.includes('number') && !common.includes('integer'))
    common.push('integer')
  if (common.length === 0)
    throw new Unsatisfiable(`nothing is both ${JSON.stringify(a)} and ${JSON.stringify(b)}.`)
  return common.length === 1 && common[0] !== undefined ? common[0] : common
}

function commonValues(a: Json, b: Json): Json {
  const known = new Set(listOf(b).map((value) => JSON.stringify(value)))
  return listOf(a).filter((value) => known.has(JSON.stringify(value)))
}

function sameValue(a: Json, b: Json): Json {
  if (!isSame(a, b)) throw new Unsatisfiable('two "const" differ.')
  return a
}

function allProperties(a: Json, b: Json): Json {
  if (!isJsonObject(a) || !isJsonObject(b)) return a
  const merged: Record<string, Json> = { ...a }
  for (const [name, schema] of Object.entries(b)) {
    const own = Object.hasOwn(a, name) ? a[name] : undefined
    merged[name] = own === undefined || isSame(own, schema) ? schema : both(own, schema)
  }
  return merged
}

const merges: Readonly<Record<string, Merge>> = {
  type: commonTypes,
  properties: allProperties,
  required: (a, b) => [...new Set([...listOf(a), ...listOf(b)])],
  enum: commonValues,
  const: sameValue,
  items: both,
  additionalProperties: (a, b) => (a === false || b === false ? false : both(a, b)),
  allOf: (a, b) => [...listOf(a), ...listOf(b)],
  minimum: higher,
  maximum: lower,
  minLength: higher,
  maxLength: lower,
  minItems: higher,
  maxItems: lower,
}

/** Keywords that say nothing of what an answer may be, or that are read from the root alone. */
const remarks = new Set(
  `title description default examples $schema $id $comment deprecated readOnly writeOnly strict
  $defs definitions`.split(/\s+/),
)

/** Whether a schema says anything of what an answer may be. */
export const isDemanding = (schema: JsonObject): boolean =>
  Object.keys(schema).some((key) => !remarks.has(key))

const sizeOf = (value: Json | undefined): number => {
  if (Array.isArray(value)) return value.length
  return isJsonObject(value) ? Object.keys(value).length : 1
}

/** What it takes to join a schema with another: its keywords, and what lies right below them. */
export const weightOf = (schema: JsonObject): number =>
  Object.values(schema).reduce((sum: number, value) => sum + sizeOf(value), 1)

/** `nullable`, OpenAPI's word, as a type among the others. */
function withNullType(schema: JsonObject): JsonObject {
  const { nullable, ...rest } = schema
  if (nullable !== true || rest.type === undefined) return schema
  return { ...rest, type: [...new Set([...listOf(rest.type), 'null'])] }
}

/** Whether one forbids other members than its own and the other brings some. */
function forbidsOf(one: JsonObject, other: JsonObject): boolean {
  if (one.additionalProperties !== false || !isJsonObject(other.properties)) return false
  const own = isJsonObject(one.properties) ? one.properties : {}
  return Object.keys(other.properties).some((name) => !Object.hasOwn(own, name))
}

/**
 * One schema that demands what both do. Keywords that cannot be joined go to `onIgnored`; there the
 * first schema's count. Throws Unsatisfiable where they contradict each other.
 */
export function mergeSchemas(
  first: JsonObject,
  second: JsonObject,
  onIgnored: (keyword: string) => void,
): JsonObject {
  const [a, b] = [withNullType(first), withNullType(second)]
  if (forbidsOf(a, b) || forbidsOf(b, a)) onIgnored('additionalProperties')
  const merged: Record<string, Json> = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const own = Object.hasOwn(a, key) ? a[key] : undefined
    const merge = Object.hasOwn(merges, key) ? merges[key] : undefined
    if (own === undefined) merged[key] = value
    else if (remarks.has(key) || isSame(own, value)) merged[key] = own
    else if (merge !== undefined) merged[key] = merge(own, value)
    else onIgnored(key)
  }
  return merged
}
