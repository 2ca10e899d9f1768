import { cut, pad, widthOf } from './measure-width.ts'

export interface Column {
  readonly title: string
  /** Numbers stand right. */
  readonly side?: 'left' | 'right'
  /** Never cut: what a person copies into the next command. */
  readonly isWhole?: boolean
}

export interface TableOptions {
  /** Cells a line may take; null: as many as it needs. */
  readonly columns: number | null
  /** How the heads are drawn. */
  readonly styleHead: (text: string) => string
}

const GAP = '  '
const LEAST_CELLS = 8

/**
 * An aligned table, a line each, with a newline at the end; '' when there are no rows. Where lines
 * are too narrow for it, each row is told in lines of its own: a title, a cell.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  if (rows.length === 0) return ''
  const widths = shrink(columns, naturalWidths(columns, rows), options.columns)
  if (options.columns !== null && lineWidth(widths) > options.columns)
    return formatRecords(columns, rows, options)
  const heads = columns.map(({ title }) => title)
  const lines = [options.styleHead(line(columns, heads, widths))]
  for (const row of rows) lines.push(line(columns, row, widths))
  return `${lines.join('\n')}\n`
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title }, at) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), widthOf(title)),
  )
}

/** Takes cells from the widest column that may be cut until the line fits, or none is left. */
function shrink(columns: readonly Column[], natural: readonly number[], limit: number | null) {
  const widths = [...natural]
  while (limit !== null && lineWidth(widths) > limit) {
    const candidates = widths.map((width, at) => (columns[at]?.isWhole === true ? 0 : width))
    const widest = Math.max(...candidates)
    if (widest <= LEAST_CELLS) break
    widths[candidates.indexOf(widest)] = widest - 1
  }
  return widths
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length)
}

function formatRecords(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { styleHead }: TableOptions,
): string {
  const width = Math.max(...columns.map(({ title }) => widthOf(title)))
  const records = rows.map((row) =>
    columns
      .flatMap(({ title }, at) => {
        const cell = row[at] ?? ''
        return cell === '' ? [] : [`${styleHead(pad(title, width))}${GAP}${cell}\n`]
      })
      .join(''),
  )
  return records.join('\n')
}

function line(columns: readonly Column[], cells: readonly string[], widths: readonly number[]) {
  return columns
    .map(({ side }, at) => {
      const width = widths[at] ?? 0
      return pad(cut(cells[at] ?? '', width), width, side)
    })
    .join(GAP)
    .trimEnd()
}
