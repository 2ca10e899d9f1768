// edge: talks to a decoder of UTF-8
import { type Json, parseJson } from '../kernel/index.ts'
import { refuse } from './errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The JSON of a body; undefined: it is empty. Refuses with `http_body_malformed`. */
export function readJsonBody(bytes: Uint8Array): Json | undefined {
  if (bytes.length === 0) return undefined
  const text = decode(bytes)
  const json = parseJson(text)
  if (json === undefined) throw refuse('http_body_malformed', 'Send a body of valid JSON.')
  // PostgreSQL keeps no NUL in text, so none gets in; the escape is the only way to write one.
  if (text.includes('\\u0000') && stringsOf(json).some(holdsNul))
    throw refuse('http_body_malformed', 'Send text without NUL characters (\\u0000).')
  return json
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw refuse('http_body_malformed', 'Send JSON in UTF-8.', { cause: error })
  }
}

/** Every text of a value, names of members included; without recursion, as nesting may be deep. */
function stringsOf(json: Json): string[] {
  const texts: string[] = []
  const rest: Json[] = [json]
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    if (typeof value === 'string') texts.push(value)
    if (typeof value !== 'object' || value === null) continue
    if (!Array.isArray(value)) for (const name of Object.keys(value)) texts.push(name)
    for (const inner of Object.values(value)) rest.push(inner)
  }
  return texts
}

function holdsNul(text: string): boolean {
  return text.includes('\0')
}
