import { pad } from './measure-width.ts'
import { wrapText } from './wrap-text.ts'

const GAP = ' │ '

/** Rows of two texts that grow, side by side. */
export interface ColumnRows {
  /** Rows that will not change any more, those that were given before left out. */
  next(a: string, b: string, isOver: boolean): string[]
}

/** Two columns in so many cells. A row is given once nothing of it can change. */
export function openColumns(cells: number): ColumnRows {
  const width = Math.floor((cells - GAP.length) / 2)
  let given = 0
  return {
    next(a, b, isOver) {
      const [left, right] = [wrapText(a, width), wrapText(b, width)]
      const ready = isOver
        ? Math.max(left.length, right.length)
        : Math.min(left.length, right.length) - 1
      const rows: string[] = []
      for (; given < ready; given += 1)
        rows.push(`${pad(left[given] ?? '', width)}${GAP}${right[given] ?? ''}`)
      return rows
    },
  }
}

/** The heads of both columns. */
export function columnHeads(cells: number, a: string, b: string): string {
  return `${pad(a, Math.floor((cells - GAP.length) / 2))}${GAP}${b}`
}
