import { refuse } from './errors.ts'
import { type Layout, readColumns } from './read-columns.ts'
import { readCsv } from './read-csv.ts'
import { readHead } from './read-head.ts'
import { readJsonLines } from './read-json-lines.ts'
import type { CountFile, VoteFile } from './types-files.ts'
import type { Choice, CountRow, VoteRow } from './types-rows.ts'

/** What a vote may say, by its label. The last three are other words for them. */
const LABELS: ReadonlyMap<string, Choice> = new Map([
  ['model_a', 'a'],
  ['model_b', 'b'],
  ['tie', 'tie'],
  ['both_bad', 'both_bad'],
  ['a', 'a'],
  ['b', 'b'],
  ['tie (bothbad)', 'both_bad'],
])
const MOST_COUNT = 1e12
const MOST_MODELS = 3_000
const SHOWN_CHARACTERS = 60

export interface ReadOptions {
  /** Told now and then what share of the text is read, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** Records between two words of progress. */
const TOLD_EVERY = 50_000

/**
 * Reads the text of a file of votes or of counts, CSV (RFC 4180) or JSON lines, by the columns that
 * docs/api/rate.md lists. Nothing is guessed: what is not understood is refused with the line and
 * the value, by the codes `ratings_file_empty`, `ratings_file_malformed`,
 * `ratings_columns_unknown`, `ratings_label_unknown`, `ratings_count_invalid`,
 * `ratings_name_invalid`, `ratings_self_play` and `ratings_too_many_models`.
 */
export function readVoteFile(text: string, options: ReadOptions = {}): VoteFile | CountFile {
  const head = readHead(text)
  const reader: Reader = { models: new Names(), others: new Names(), votes: [], counts: [] }
  let layout: Layout | null = null
  const read = head.isJson ? readJsonLines : readCsv
  read(text, { at: head.at, line: head.line }, (cells, line, at) => {
    if (layout === null) layout = readColumns(cells, line)
    else addRow(reader, layout, { cells, line })
    if (line % TOLD_EVERY === 0) options.onProgress?.(at / text.length)
  })
  const { votes, counts } = reader
  const { promptDesignEffect } = head
  if (votes.length === 0 && !counts.some(hasVotes))
    throw refuse('ratings_file_empty', 'The file holds no vote. Give it a line for each.')
  return votes.length > 0
    ? { kind: 'votes', rows: votes, promptDesignEffect }
    : { kind: 'counts', rows: counts, promptDesignEffect }
}

function hasVotes({ aWins, bWins, ties, bothBad }: CountRow): boolean {
  return aWins + bWins + ties + bothBad > 0
}

interface Reader {
  readonly models: Names
  readonly others: Names
  readonly votes: VoteRow[]
  readonly counts: CountRow[]
}

/** One string for each name, however often it stands in the file: the rest of it is let go. */
class Names {
  private readonly known = new Map<string, string>()

  get size(): number {
    return this.known.size
  }

  keep(name: string, line: number): string {
    const known = this.known.get(name)
    if (known !== undefined) return known
    if (name === '' || name.trim() !== name)
      throw refuse(
        'ratings_name_invalid',
        `Line ${line} has a name that is empty or has spaces around it: ${shown(name)}.`,
        { details: { line } },
      )
    this.known.set(name, name)
    return name
  }
}

interface Row {
  readonly cells: readonly string[]
  readonly line: number
}

function addRow(reader: Reader, layout: Layout, { cells, line }: Row): void {
  if (cells.length !== layout.cells)
    throw refuse(
      'ratings_file_malformed',
      `Line ${line} has ${cells.length} cells, the head has ${layout.cells}. Mend the line.`,
      { details: { line } },
    )
  const cell = (at: number) => cells[at] ?? ''
  const modelA = reader.models.keep(cell(layout.modelA), line)
  const modelB = reader.models.keep(cell(layout.modelB), line)
  if (modelA === modelB) throw selfPlay(modelA, line)
  if (reader.models.size > MOST_MODELS) throw tooMany(line)
  const other = (at: number) => (at === -1 ? null : reader.others.keep(cell(at), line))
  const rater = other(layout.rater)
  if (layout.kind === 'votes') {
    const choice = readLabel(cell(layout.winner), line)
    reader.votes.push({ modelA, modelB, choice, rater, prompt: other(layout.prompt) })
    return
  }
  const [aWins, bWins, ties, bothBad] = layout.counts
  const count = (at: number) => (at === -1 ? 0 : readCount(cell(at), line))
  reader.counts.push({
    modelA,
    modelB,
    aWins: count(aWins),
    bWins: count(bWins),
    ties: count(ties),
    bothBad: count(bothBad),
    rater,
  })
}

function readLabel(text: string, line: number): Choice {
  const choice = LABELS.get(text)
  if (choice !== undefined) return choice
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
