import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { isSame } from './merge-schemas.ts'

/** Beyond this the pairs are too many to look at each. */
const MOST_OPTIONS = 64

/**
 * Whether no value can fit two of the options, as far as a look tells: their types differ, or the
 * values they name, or those of a member that both require. False where it is not certain.
 */
export function excludeEachOther(options: readonly Json[]): boolean {
  if (options.length > MOST_OPTIONS) return false
  return options.every((one, at) => options.slice(at + 1).every((other) => areDisjoint(one, other)))
}

function areDisjoint(a: Json, b: Json): boolean {
  if (a === false || b === false) return true
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  return haveNoTypeInCommon(a, b) || haveNoValueInCommon(a, b) || differInAMember(a, b)
}

function haveNoTypeInCommon(a: JsonObject, b: JsonObject): boolean {
  const [left, right] = [typesOf(a), typesOf(b)]
  return left !== null && right !== null && !left.some((type) => right.includes(type))
}

/** Whole numbers are numbers, too. Null: any. */
function typesOf({ type }: JsonObject): readonly Json[] | null {
  if (type === undefined) return null
  return (Array.isArray(type) ? type : [type]).map((one) => (one === 'integer' ? 'number' : one))
}

function haveNoValueInCommon(a: JsonObject, b: JsonObject): boolean {
  const [left, right] = [valuesOf(a), valuesOf(b)]
  if (left === null || right === null || left.length * right.length > 10_000) return false
  return !left.some((value) => right.some((other) => isSame(value, other)))
}

/** The values it names; null: it names none, and takes any. */
function valuesOf({ const: only, enum: among }: JsonObject): readonly Json[] | null {
  if (only !== undefined) return [only]
  return Array.isArray(among) ? among : null
}

/** As of two kinds of object that a member tells apart, such as its `type`. */
function differInAMember(a: JsonObject, b: JsonObject): boolean {
  const required = requiredOf(b)
  if (a.type !== 'object' || b.type !== 'object') return false
  return requiredOf(a).some(
    (name) => required.includes(name) && areDisjointMembers(a.properties, b.properties, name),
  )
}

function areDisjointMembers(a: Json | undefined, b: Json | undefined, name: string): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const [left, right] = [a[name], b[name]]
  if (!isJsonObject(left) || !isJsonObject(right)) return false
  return haveNoTypeInCommon(left, right) || haveNoValueInCommon(left, right)
}

function requiredOf({ required }: JsonObject): readonly string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []
}
