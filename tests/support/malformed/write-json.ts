import { RawJson } from './nasty-values.ts'

/** JSON of a value, with every `RawJson` in it written as it is. */
export function writeJson(value: unknown): Buffer {
  return Buffer.from(write(value), 'latin1')
}

/** Latin-1 text of the UTF-8 bytes, so that bytes that are no UTF-8 can stand in it. */
function write(value: unknown): string {
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, inner]) => `${plain(key)}:${write(inner)}`)
    return `{${members.join(',')}}`
  }
  return plain(value ?? null)
}

function plain(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1')
}
