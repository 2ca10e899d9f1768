import type { SeededRandom } from '../seeded-random.ts'
import { nastyIds, nastyStrings, nastyTimes, nastyValue, RawJson } from './nasty-values.ts'
import type { World } from './types.ts'
import { writeJson } from './write-json.ts'

/** As much of JSON Schema as our schemas use. */
export interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
}

type Members = Record<string, unknown>

/** A value that a schema takes, most of the time. */
export function drawValue(schema: Schema, random: SeededRandom, world: World): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[random.below(schema.enum.length)]
  if (schema.anyOf !== undefined) {
    const chosen = schema.anyOf[random.below(schema.anyOf.length)]
    return drawValue(chosen ?? {}, random, world)
  }
  switch (schema.type) {
    case 'string':
      return drawText(schema, random, world)
    case 'integer':
    case 'number':
      return random.pick([schema.minimum ?? 0, schema.maximum ?? 10, 1, 2])
    case 'boolean':
      return random.next() < 0.5
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, random.below(3)) }, () =>
        drawValue(schema.items ?? {}, random, world),
      )
    case 'object':
      return drawObject(schema, random, world)
    default:
      return null
  }
}

function drawText(schema: Schema, random: SeededRandom, world: World): string {
  if (schema.format === 'uuid') return drawId(random, world)
  if (schema.format === 'date-time') return '2027-01-01T00:00:00Z'
  if (schema.format === 'email') return `p${random.below(1e9)}@example.org`
  return `name-${random.below(1e9).toString(36)}`
}

/** An id that may be there, may be another's, or is none. */
export function drawId(random: SeededRandom, world: World): string {
  const known = Object.values(world.victims).flat()
  const ids = [...known, ...world.foreignIds]
  const id = ids[random.below(ids.length)]
  return random.next() < 0.5 && id !== undefined ? id : random.pick(nastyIds)
}

function drawObject(schema: Schema, random: SeededRandom, world: World): Members {
  const value: Members = {}
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const isNeeded = schema.required?.includes(name) ?? false
    if (isNeeded || random.next() < 0.4) value[name] = drawValue(inner, random, world)
  }
  const more = schema.additionalProperties
  if (typeof more === 'object') {
    for (let count = random.below(3); count > 0; count -= 1)
      value[random.pick(nastyStrings)] = nastyValue(random)
  }
  return value
}

/** A body that begins as a schema wants it and is then made wrong in one to three places. */
export function drawBody(schema: Schema, random: SeededRandom, world: World): Buffer {
  if (random.next() < 0.1) return writeJson(nastyValue(random))
  const value = drawValue(schema, random, world)
  if (typeof value !== 'object' || value === null) return writeJson(value)
  for (let count = random.below(3); count >= 0; count -= 1)
    spoil({ value: value as Members, schema }, random)
  const bytes = writeJson(value)
  if (random.next() < 0.08) return cut(bytes, random)
  return random.next() < 0.08 ? repeatMember(bytes, random) : bytes
}

function spoil(
  { value, schema }: { readonly value: Members; readonly schema: Schema },
  random: SeededRandom,
): void {
  const names = Object.keys(schema.properties ?? {})
  const name = names[random.below(names.length)]
  const inner = name === undefined ? undefined : value[name]
  const innerSchema = name === undefined ? undefined : schema.properties?.[name]
  if (innerSchema?.properties && typeof inner === 'object' && inner && random.next() < 0.6) {
    spoil({ value: inner as Members, schema: innerSchema }, random)
    return
  }
  if (name === undefined || random.next() < 0.15) {
    value[random.pick(nastyStrings)] = nastyValue(random)
    return
  }
  if (random.next() < 0.1) delete value[name]
  else value[name] = random.next() < 0.5 ? boundary(innerSchema ?? {}, random) : nastyValue(random)
}

/** What lies on an edge of the schema, or one beyond it. */
function boundary(schema: Schema, random: SeededRandom): unknown {
  const inner = schema.anyOf?.[0] ?? schema
  if (inner.format === 'date-time') return random.pick(nastyTimes)
  if (inner.format === 'uuid') return random.pick(nastyIds)
  if (inner.maxLength !== undefined)
    return random.pick(['x', 'é', '🙂', ' ']).repeat(inner.maxLength + random.below(2))
  if (inner.maximum !== undefined) return inner.maximum + random.below(2)
  if (inner.maxItems !== undefined) {
    const count = inner.maxItems + random.below(2)
    return Array.from({ length: count }, () => random.pick(['chat', 'api', 'a/b']))
  }
  return random.pick(nastyStrings)
}

function cut(bytes: Buffer, random: SeededRandom): Buffer {
  return bytes.subarray(0, random.below(bytes.length))
}

/** The first members once more: parsers differ in which of two counts. */
function repeatMember(bytes: Buffer, random: SeededRandom): Buffer {
  const inner = bytes.subarray(1, -1)
  const again = random.next() < 0.5 ? inner : writeJson(new RawJson('"__proto__":{"role":"owner"}'))
  const parts = [Buffer.from('{'), inner, Buffer.from(','), again, Buffer.from('}')]
  return Buffer.concat(parts)
}
