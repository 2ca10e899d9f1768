import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts'

/** Keys from the outside in. */
export type Path = readonly (string | number)[]

/** What is wrong with a price, and where. */
export class PriceFault extends Error {
  readonly path: Path

  constructor(path: Path, message: string) {
    super(message)
    this.path = path
  }
}

/** Throws `PriceFault` for what is no object. */
export function objectAt(value: Json, path: Path): JsonObject {
  if (isJsonObject(value)) return value
  throw new PriceFault(path, 'names with values are expected here')
}

/** Empty where it is left out. Throws `PriceFault` for what is no list. */
export function listAt(fields: JsonObject, name: string, path: Path): readonly Json[] {
  const value = fields[name] ?? []
  if (Array.isArray(value)) return value
  throw new PriceFault([...path, name], `${name} is a list`)
}

/** Null: it is no text, or an empty one. */
export function textOf(value: Json | undefined): string | null {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? null : text
}

/** Throws for a field that nobody reads: a word misspelt must not become a price left out. */
export function refuseUnknown(fields: JsonObject, known: readonly string[], path: Path): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new PriceFault([...path, unknown], `no field is called ${unknown}: ${known.join(', ')}`)
}
