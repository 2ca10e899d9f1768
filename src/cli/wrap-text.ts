import { widthOf } from './measure-width.ts'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Where a line may break: after a space, and on both sides of what is written without them. */
const UNITS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}，。！？；：、）」』]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}，。！？；：、）」』]+|\s+/gu

/**
 * `text` as lines of at most `width` cells: broken between words, or between characters where they
 * have none; a word longer than a line is cut. Wide characters take two cells.
 */
export function wrapText(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line.replaceAll('\t', '  '), width))
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const [unit] of line.matchAll(UNITS)) {
    if (widthOf(current) + widthOf(unit) <= width) {
      current += unit
      continue
    }
    if (/^\s+$/.test(unit)) continue
    if (current.trim() !== '') lines.push(current.trimEnd())
    const pieces = cutUnit(unit, width)
    current = pieces.pop() ?? ''
    lines.push(...pieces)
  }
  return [...lines, current.trimEnd()]
}

function cutUnit(unit: string, width: number): string[] {
  if (widthOf(unit) <= width) return [unit]
  const pieces: string[] = []
  let piece = ''
  for (const { segment } of graphemes.segment(unit)) {
    if (piece !== '' && widthOf(piece + segment) > width) {
      pieces.push(piece)
      piece = ''
    }
    piece += segment
  }
  return [...pieces, piece]
}
