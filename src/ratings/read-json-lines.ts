import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { KNOWN_COLUMNS } from './read-columns.ts'

/**
 * Reads one JSON object a line; empty lines are passed over. Calls `onRecord` as a reader of CSV
 * would: first with the names of the columns, which are the known members of the first object, then
 * with the cells of each object. Refuses with `ratings_file_malformed` and, where an object has
 * other known members than the first, with `ratings_columns_unknown`.
 */
export function readJsonLines(
  text: string,
  start: { readonly at: number; readonly line: number },
  onRecord: (cells: readonly string[], line: number, at: number) => void,
): void {
  let columns: readonly string[] | null = null
  let line = start.line - 1
  for (let at = start.at; at < text.length; ) {
    const found = text.indexOf('\n', at)
    const end = found === -1 ? text.length : found
    const piece = text.slice(at, end)
    at = end + 1
    line += 1
    if (piece.trim() === '') continue
    const object = parseJson(piece)
    if (!isJsonObject(object)) throw malformed(line, 'is no JSON object of its own')
    const names = KNOWN_COLUMNS.filter((name) => (object[name] ?? null) !== null)
    if (columns === null) {
      columns = names
      onRecord(columns, line, at)
    }
    if (columns.join() !== names.join()) throw changed(line, columns, names)
    const here = line
    onRecord(
      columns.map((name) => readCell(object[name], name, here)),
      line,
      at,
    )
  }
}

function readCell(value: Json | undefined, name: string, line: number): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw malformed(line, `has something in "${name}" that is neither text nor a number`)
}

function malformed(line: number, what: string) {
  return refuse(
    'ratings_file_malformed',
    `Line ${line} ${what}. JSONL has an object on each line.`,
    {
      details: { line },
    },
  )
}

function changed(line: number, before: readonly string[], now: readonly string[]) {
  const lacks = before.filter((name) => !now.includes(name))
  const adds = now.filter((name) => !before.includes(name))
  const [what, names] = lacks.length > 0 ? ['lacks', lacks] : ['adds', adds]
  return refuse(
    'ratings_columns_unknown',
    `Line ${line} ${what} "${names.join('", "')}". Give every line the members of the first.`,
    { details: { line } },
  )
}
