import { createHmac } from 'node:crypto'

/** Counts of a pair as a file has them, by name of model. */
export interface CountLine {
  readonly a: string
  readonly b: string
  /** a chosen, b chosen, ties, both bad. */
  readonly counts: readonly [number, number, number, number]
  /** Null: a file of pairs. */
  readonly rater: string | null
}

/** A cell as RFC 4180 has it. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A file of counts that `baimo rate` reads; `head` stands above it in lines that begin with #. */
export function writeCounts(lines: readonly CountLine[], head: readonly string[]): string {
  const hasRaters = lines.some(({ rater }) => rater !== null)
  const columns = 'model_a,model_b,a_wins,b_wins,ties,both_bad'
  return [
    ...head.map((line) => `# ${line.replace(/[\r\n]+/g, ' ')}`),
    hasRaters ? `${columns},rater` : columns,
    ...lines.map(({ a, b, counts, rater }) =>
      [cell(a), cell(b), ...counts, ...(rater === null ? [] : [rater])].join(','),
    ),
    '',
  ].join('\n')
}

/** What a rater is called in a file: the same in each file of one board, and nowhere else. */
export function pseudonymOf(rater: string | number, salt: string): string {
  return `r${createHmac('sha256', salt).update(String(rater)).digest('hex').slice(0, 12)}`
}

/** Joins lines of models that became one, drops those between them, sorts. */
export function joinLines(lines: readonly CountLine[]): CountLine[] {
  const joined = new Map<string, CountLine>()
  for (const line of lines) {
    if (line.a === line.b) continue
    const isTurned = line.a > line.b
    const [a, b] = isTurned ? [line.b, line.a] : [line.a, line.b]
    const [aWins, bWins, ties, bad] = line.counts
    const counts = isTurned ? ([bWins, aWins, ties, bad] as const) : line.counts
    const key = JSON.stringify([line.rater, a, b])
    const sum = joined.get(key)?.counts ?? [0, 0, 0, 0]
    const total = sum.map((count, kind) => count + (counts[kind] ?? 0))
    joined.set(key, { a, b, rater: line.rater, counts: total as never })
  }
  const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
  return [...joined.values()]
    .filter(({ counts }) => counts.some((count) => count > 0))
    .sort((x, y) => byText(x.a, y.a) || byText(x.b, y.b) || byText(x.rater ?? '', y.rater ?? ''))
}
