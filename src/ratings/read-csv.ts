import { refuse } from './errors.ts'

const COMMA = 44
const QUOTE = 34
const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Where the reader of one text is. */
interface Place {
  readonly text: string
  at: number
  /** Counted from 1; a line break within quotes counts. */
  line: number
}

/**
 * Reads CSV as RFC 4180 has it: quoted cells may hold commas, doubled quotes and line breaks; lines
 * end in LF, CRLF or CR; empty lines are skipped. Calls `onRecord` for each record with the line
 * that it begins on and where the text goes on. Refuses with `ratings_file_malformed`.
 */
export function readCsv(
  text: string,
  start: { readonly at: number; readonly line: number },
  onRecord: (cells: readonly string[], line: number, at: number) => void,
): void {
  const place: Place = { text, at: start.at, line: start.line }
  while (place.at < text.length) {
    const { line } = place
    const cells = readRecord(place)
    if (cells.length > 1 || cells[0] !== '') onRecord(cells, line, place.at)
  }
}

function readRecord(place: Place): string[] {
  const cells: string[] = []
  for (;;) {
    const isQuoted = place.text.charCodeAt(place.at) === QUOTE
    cells.push(isQuoted ? readQuoted(place) : readPlain(place))
    if (place.text.charCodeAt(place.at) !== COMMA) break
    place.at += 1
  }
  endLine(place)
  return cells
}

function readPlain(place: Place): string {
  const { text, at } = place
  let end = at
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === COMMA || code === LINE_FEED || code === CARRIAGE_RETURN) break
    if (code === QUOTE)
      throw malformed(place.line, 'has a quote inside a cell that does not begin with one')
  }
  place.at = end
  return text.slice(at, end)
}

function readQuoted(place: Place): string {
  const { text } = place
  const begunOn = place.line
  let cell = ''
  let from = place.at + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote === -1) throw malformed(begunOn, 'opens a quote that nothing closes')
    cell += text.slice(from, quote)
    from = quote + 1
    if (text.charCodeAt(from) !== QUOTE) break
    cell += '"'
    from += 1
  }
  place.line += countBreaks(cell)
  place.at = from
  const next = text.charCodeAt(from)
  const isEnd = from >= text.length || [COMMA, LINE_FEED, CARRIAGE_RETURN].includes(next)
  if (!isEnd) throw malformed(place.line, 'goes on after a closing quote')
  return cell
}

function countBreaks(cell: string): number {
  return cell.match(/\r\n|\n|\r/g)?.length ?? 0
}

function endLine(place: Place): void {
  const code = place.text.charCodeAt(place.at)
  const isPair = code === CARRIAGE_RETURN && place.text.charCodeAt(place.at + 1) === LINE_FEED
  place.at += isPair ? 2 : 1
  place.line += 1
}

function malformed(line: number, what: string) {
  return refuse(
    'ratings_file_malformed',
    `Line ${line} ${what}. Write cells with quotes, commas or line breaks in quotes, and double the quotes inside.`,
    { details: { line } },
  )
}
