import { type Environment, settings } from '../config.ts'

/** A variable that looks like one of ours and is none: it counts for nothing. */
export interface UnknownSetting {
  readonly name: string
  /** The setting that was probably meant; null: none is near. */
  readonly nearest: string | null
}

/** Set by what starts the program, not by people. */
const INNER = ['BAIMO_COMMAND']

/** What begins with BAIMO_ in an environment and is no setting, by name. */
export function unknownSettings(environment: Environment): UnknownSetting[] {
  const known = settings.map(({ name }) => name)
  return Object.keys(environment)
    .filter((name) => /^baimo_/i.test(name) && ![...known, ...INNER].includes(name))
    .toSorted()
    .map((name) => ({ name, nearest: nearestOf(name, known) }))
}

/** One line for a person. */
export function describeUnknown({ name, nearest }: UnknownSetting): string {
  const meant = nearest === null ? '' : ` Is ${nearest} meant?`
  return `${name} is no setting, so it counts for nothing.${meant}`
}

/** The prefix is looked past: BAIMO_PORT is nearest to PORT. */
function nearestOf(name: string, known: readonly string[]): string | null {
  const wanted = bare(name)
  const mostEdits = Math.max(2, Math.floor(wanted.length / 3))
  const near = known
    .map((one) => ({ one, edits: edits(wanted, bare(one)) }))
    .filter(({ edits: count }) => count <= mostEdits)
    .toSorted((a, b) => a.edits - b.edits)
  return near[0]?.one ?? null
}

function bare(name: string): string {
  return name.toUpperCase().replace(/^BAIMO_/, '')
}

/** Letters to put in, take out or change to make one word of the other. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (const [at, letter] of [...from].entries()) {
    const next = [at + 1]
    for (const [column, other] of [...to].entries()) {
      const [above = 0, aside = 0] = [row[column + 1], next[column]]
      const changed = (row[column] ?? 0) + Number(letter !== other)
      next.push(Math.min(above + 1, aside + 1, changed))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
