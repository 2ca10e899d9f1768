/**
 * Code points that take two cells: East Asian Wide and Fullwidth in blocks, as terminals draw
 * them. Emoji are found by their Unicode property.
 */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u
const INVISIBLE = /^[\p{Mark}\p{Format}\p{Control}]+$/u
const ESCAPES = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'g')

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Cells that `text` takes in a terminal. Styles take none. */
export function widthOf(text: string): number {
  let width = 0
  for (const { segment } of graphemes.segment(text.replace(ESCAPES, ''))) width += cellsOf(segment)
  return width
}

function cellsOf(segment: string): number {
  if (INVISIBLE.test(segment)) return 0
  return WIDE.test(segment) ? 2 : 1
}

/** `text` with spaces behind it (`left`) or before it, to fill `width` cells. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)))
  return side === 'left' ? text + fill : fill + text
}

/** `text`, which must be without styles, cut to `width` cells with an ellipsis if it is longer. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let left = width - 1
  for (const { segment } of graphemes.segment(text)) {
    left -= cellsOf(segment)
    if (left < 0) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}
