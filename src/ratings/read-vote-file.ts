import { refuse } from './errors.ts'
import { type Layout, readColumns } from './read-columns.ts'
import { readCsv } from './read-csv.ts'
import { readJsonLines } from './read-json-lines.ts'
import type { VoteFile } from './types-files.ts'

/** What a vote may say, by its label. The last three are other words for them. */
const LABELS: ReadonlyMap<string, number> = new Map([
  ['model_a', 0],
  ['model_b', 1],
  ['tie', 2],
  ['both_bad', 3],
  ['a', 0],
  ['b', 1],
  ['tie (bothbad)', 3],
])
const MOST_COUNT = 1e12
const MOST_MODELS = 3_000
const SHOWN_CHARACTERS = 60

/**
 * Reads the text of a file of votes or of counts, CSV (RFC 4180) or JSON lines, by the columns that
 * docs/api/rate.md lists. Nothing is guessed: what is not understood is refused with the line and
 * the value, by the codes `ratings_file_empty`, `ratings_file_malformed`,
 * `ratings_columns_unknown`, `ratings_label_unknown`, `ratings_count_invalid`,
 * `ratings_name_invalid`, `ratings_self_play` and `ratings_too_many_models`.
 */
export function readVoteFile(text: string): VoteFile {
  const rows = new Rows()
  let layout: Layout | null = null
  const read = /^\ufeff?\s*\{/.test(text) ? readJsonLines : readCsv
  read(text, (cells, line) => {
    if (layout === null) layout = readColumns(cells, line)
    else rows.add(cells, layout, line)
  })
  if (layout === null || rows.isEmpty)
    throw refuse('ratings_file_empty', 'The file holds no vote. Give it a line for each.')
  return rows.close(layout)
}

/** Names by the order they appear in. */
class Names {
  readonly list: string[] = []
  private readonly places = new Map<string, number>()

  place(name: string, line: number): number {
    const known = this.places.get(name)
    if (known !== undefined) return known
    if (name === '' || name.trim() !== name)
      throw refuse(
        'ratings_name_invalid',
        `Line ${line} has a name that is empty or has spaces around it: ${shown(name)}.`,
        { details: { line } },
      )
    this.places.set(name, this.list.length)
    this.list.push(name)
    return this.list.length - 1
  }
}

class Rows {
  private readonly models = new Names()
  private readonly raters = new Names()
  private readonly prompts = new Names()
  private readonly a: number[] = []
  private readonly b: number[] = []
  private readonly outcomes: [number[], number[], number[], number[]] = [[], [], [], []]
  private readonly rater: number[] = []
  private readonly prompt: number[] = []
  private votes = 0

  get isEmpty(): boolean {
    return this.votes === 0
  }

  add(cells: readonly string[], layout: Layout, line: number): void {
    if (cells.length !== layout.cells)
      throw refuse(
        'ratings_file_malformed',
        `Line ${line} has ${cells.length} cells, the head has ${layout.cells}. Mend the line.`,
        { details: { line } },
      )
    const cell = (at: number) => cells[at] ?? ''
    const a = this.models.place(cell(layout.modelA), line)
    const b = this.models.place(cell(layout.modelB), line)
    if (a === b) throw selfPlay(cell(layout.modelA), line)
    if (this.models.list.length > MOST_MODELS) throw tooMany(line)
    this.a.push(a)
    this.b.push(b)
    if (layout.rater !== -1) this.rater.push(this.raters.place(cell(layout.rater), line))
    if (layout.prompt !== -1) this.prompt.push(this.prompts.place(cell(layout.prompt), line))
    const winner = layout.kind === 'votes' ? readLabel(cell(layout.winner), line) : -1
    for (const [outcome, counts] of this.outcomes.entries()) {
      const at = layout.counts[outcome] ?? -1
      const count = winner === -1 && at !== -1 ? readCount(cell(at), line) : 0
      counts.push(winner === outcome ? 1 : count)
      this.votes += counts.at(-1) ?? 0
    }
  }

  close(layout: Layout): VoteFile {
    const models = this.models.list.toSorted((x, y) => (x < y ? -1 : 1))
    const places = new Map(models.map((name, at) => [name, at]))
    const sorted = Int32Array.from(this.models.list, (name) => places.get(name) ?? 0)
    const renumber = (indexes: readonly number[]) =>
      Int32Array.from(indexes, (index) => sorted[index] ?? 0)
    const [aWins, bWins, ties, bothBad] = this.outcomes
    return {
      kind: layout.kind,
      models,
      raters: layout.rater === -1 ? null : this.raters.list,
      prompts: layout.prompt === -1 ? null : this.prompts.list,
      a: renumber(this.a),
      b: renumber(this.b),
      aWins: Float64Array.from(aWins),
      bWins: Float64Array.from(bWins),
      ties: Float64Array.from(ties),
      bothBad: Float64Array.from(bothBad),
      rater: layout.rater === -1 ? null : Int32Array.from(this.rater),
      prompt: layout.prompt === -1 ? null : Int32Array.from(this.prompt),
    }
  }
}

function readLabel(text: string, line: number): number {
  const outcome = LABELS.get(text)
  if (outcome !== undefined) return outcome
  throw refuse(
    'ratings_label_unknown',
    `Line ${line} has the winner ${shown(text)}. Write model_a, model_b, tie or both_bad.`,
    { details: { line, value: text.slice(0, SHOWN_CHARACTERS) } },
  )
}

/** A whole number, also as `3.0` or `1e9`, which other programs write. */
function readCount(text: string, line: number): number {
  const count = /^\d+(\.\d+)?([eE]\+?\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isInteger(count) && count <= MOST_COUNT) return count
  throw refuse(
    'ratings_count_invalid',
    `Line ${line} has the count ${shown(text)}. Write a whole number from 0 to 1,000,000,000,000.`,
    { details: { line, value: text.slice(0, SHOWN_CHARACTERS) } },
  )
}

function selfPlay(name: string, line: number) {
  return refuse(
    'ratings_self_play',
    `Line ${line} has ${shown(name)} against itself, which says nothing about its rating. Remove such lines.`,
    { details: { line, value: name.slice(0, SHOWN_CHARACTERS) } },
  )
}

function tooMany(line: number) {
  return refuse(
    'ratings_too_many_models',
    `Line ${line} names the 3,001st model. One board takes 3,000: check the columns, or part the file.`,
    { details: { line } },
  )
}

function shown(text: string): string {
  const isLong = text.length > SHOWN_CHARACTERS
  return JSON.stringify(isLong ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text)
}
