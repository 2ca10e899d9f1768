/** What is longer is no name, and near none. */
const MAX_ASKED_LENGTH = 128
const MAX_EDITS = 16
/** How many names are compared letter by letter, at most: whoever asks decides how often. */
const MAX_COMPARED = 1_000
const MAX_NEAREST = 3

interface Candidate {
  readonly name: string
  readonly lower: string
  readonly bare: string
  /** At least so many edits are needed: what the lengths say. */
  readonly leastEdits: number
}

interface Near {
  readonly name: string
  readonly edits: number
}

/**
 * The names closest to what was asked, best first, at most three: by the edits between them,
 * counted with and without the publisher. Names that would need more edits than half of what was
 * asked, or than 16, are no help and left out. Among very many names only the 1,000 closest in
 * length are compared; a name that holds what was asked is always near.
 */
export function nearestNames(asked: string, names: readonly string[]): string[] {
  if (asked.length > MAX_ASKED_LENGTH) return []
  const wanted = asked.toLowerCase()
  const limit = Math.min(MAX_EDITS, Math.max(2, Math.floor(wanted.length / 2)))
  const near: Near[] = []
  const candidates: Candidate[] = []
  for (const name of names) {
    const candidate = readCandidate(name, wanted)
    // What was asked may be the beginning or a part of the right name: that is near, too.
    if (wanted.length >= 3 && candidate.lower.includes(wanted)) near.push({ name, edits: 1 })
    else if (candidate.leastEdits <= limit) candidates.push(candidate)
  }
  const compared = candidates.sort(byLeastEdits).slice(0, MAX_COMPARED)
  return [...near, ...compareAll(wanted, compared, limit)]
    .sort(byEdits)
    .slice(0, MAX_NEAREST)
    .map(({ name }) => name)
}

function readCandidate(name: string, wanted: string): Candidate {
  const lower = name.toLowerCase()
  const bare = lower.slice(lower.indexOf('/') + 1)
  const leastEdits = Math.min(
    Math.abs(lower.length - wanted.length),
    Math.abs(bare.length - wanted.length),
  )
  return { name, lower, bare, leastEdits }
}

/** Those within the limit, without some that three others are nearer than. */
function compareAll(wanted: string, candidates: readonly Candidate[], limit: number): Near[] {
  const near: Near[] = []
  const best: number[] = []
  for (const { name, lower, bare } of candidates) {
    const most = best.length < MAX_NEAREST ? limit : (best.at(-1) ?? limit)
    const bareEdits = editDistance(wanted, bare, most)
    const edits =
      lower === bare ? bareEdits : Math.min(bareEdits, editDistance(wanted, lower, most))
    if (edits > most) continue
    near.push({ name, edits })
    best.push(edits)
    best.sort((a, b) => a - b).splice(MAX_NEAREST)
  }
  return near
}

function byLeastEdits(a: Candidate, b: Candidate): number {
  return a.leastEdits - b.leastEdits || (a.name < b.name ? -1 : 1)
}

function byEdits(a: Near, b: Near): number {
  return a.edits - b.edits || (a.name < b.name ? -1 : 1)
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one text into the other;
 * anything above `limit` is answered as `limit + 1`, early. Only cells within `limit` of the
 * diagonal are computed: the others cannot lead to fewer edits.
 */
export function editDistance(from: string, to: string, limit: number): number {
  const tooMany = limit + 1
  if (Math.abs(from.length - to.length) > limit) return tooMany
  const width = to.length + 1
  let [beforeLast, last, row] = [
    rowOf(width, tooMany),
    rowOf(width, tooMany),
    rowOf(width, tooMany),
  ]
  for (let j = 0; j < Math.min(width, tooMany); j++) last[j] = j
  for (let i = 1; i <= from.length; i++) {
    row.fill(tooMany)
    if (fillRow(row, { from, to, i, limit, last, beforeLast }) > limit) return tooMany
    const free = beforeLast
    beforeLast = last
    last = row
    row = free
  }
  return Math.min(last[to.length] ?? tooMany, tooMany)
}

function rowOf(width: number, value: number): Uint16Array {
  return new Uint16Array(width).fill(value)
}

interface Place {
  readonly from: string
  readonly to: string
  readonly i: number
  readonly limit: number
  readonly last: Uint16Array
  readonly beforeLast: Uint16Array
}

/** The fewest edits in the row. */
function fillRow(row: Uint16Array, place: Place): number {
  const { from, to, i, limit, last, beforeLast } = place
  if (i <= limit) row[0] = i
  let fewest = i <= limit ? i : limit + 1
  for (let j = Math.max(1, i - limit); j <= Math.min(to.length, i + limit); j++) {
    const isSame = from.charCodeAt(i - 1) === to.charCodeAt(j - 1)
    const replaced = at(last, j - 1) + (isSame ? 0 : 1)
    let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced)
    if (i > 1 && j > 1 && isSwap(from, to, { i, j })) {
      edits = Math.min(edits, at(beforeLast, j - 2) + 1)
    }
    row[j] = edits
    if (edits < fewest) fewest = edits
  }
  return fewest
}

function isSwap(from: string, to: string, { i, j }: { i: number; j: number }): boolean {
  return (
    from.charCodeAt(i - 1) === to.charCodeAt(j - 2) &&
    from.charCodeAt(i - 2) === to.charCodeAt(j - 1)
  )
}

function at(row: Uint16Array, j: number): number {
  return row[j] ?? 0
}
