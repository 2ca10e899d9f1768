/**
 * The names closest to what was asked, best first, at most three: by the edits between them,
 * counted with and without the publisher. Names that would need more edits than half of what was
 * asked are no help and left out.
 */
export function nearestNames(asked: string, names: readonly string[]): string[] {
  const wanted = asked.toLowerCase().slice(0, 128)
  const limit = Math.max(2, Math.floor(wanted.length / 2))
  return names
    .map((name) => ({ name, edits: editsTo(wanted, name.toLowerCase(), limit) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}

function editsTo(wanted: string, name: string, limit: number): number {
  const bare = name.slice(name.indexOf('/') + 1)
  // What was asked may be the beginning or a part of the right name: that is near, too.
  if (wanted.length >= 3 && name.includes(wanted)) return 1
  return Math.min(editDistance(wanted, bare, limit), editDistance(wanted, name, limit))
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one text into the other;
 * anything above `limit` is answered as `limit + 1`, early.
 */
export function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      row.push(cell(from, to, { i, j, row, last, beforeLast }))
    }
    if (Math.min(...row) > limit) return limit + 1
    beforeLast = last
    last = row
  }
  return Math.min(last[to.length] ?? limit + 1, limit + 1)
}

interface Cell {
  readonly i: number
  readonly j: number
  readonly row: readonly number[]
  readonly last: readonly number[]
  readonly beforeLast: readonly number[]
}

function cell(from: string, to: string, at: Cell): number {
  const { i, j, row, last, beforeLast } = at
  const isSame = from[i - 1] === to[j - 1]
  const best = Math.min(
    (last[j] ?? 0) + 1,
    (row[j - 1] ?? 0) + 1,
    (last[j - 1] ?? 0) + (isSame ? 0 : 1),
  )
  const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
  return isSwap ? Math.min(best, (beforeLast[j - 2] ?? 0) + 1) : best
}
