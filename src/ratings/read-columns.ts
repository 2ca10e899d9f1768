import { refuse } from './errors.ts'

/** Where a file has what a row needs: positions of its columns, -1 for one that it lacks. */
export interface Layout {
  readonly kind: 'votes' | 'counts'
  readonly modelA: number
  readonly modelB: number
  /** Of a file of votes. */
  readonly winner: number
  /** Of a file of counts: a_wins, b_wins, ties, both_bad. */
  readonly counts: readonly [number, number, number, number]
  readonly rater: number
  readonly prompt: number
  readonly cells: number
}

const RATERS = ['rater', 'worker', 'judge']
const COUNTS = ['a_wins', 'b_wins', 'ties', 'both_bad'] as const

/** Every column that means something. Others are passed over. */
export const KNOWN_COLUMNS: readonly string[] = [
  'model_a',
  'model_b',
  'winner',
  ...COUNTS,
  ...RATERS,
  'prompt_id',
]

/** Finds the columns by the names in a file's head. Refuses with `ratings_columns_unknown`. */
export function readColumns(head: readonly string[], line: number): Layout {
  const names = head.map((name) => name.trim())
  const refusal = (what: string) =>
    refuse('ratings_columns_unknown', `Line ${line} ${what}`, { details: { line } })
  const doubled = KNOWN_COLUMNS.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (doubled !== undefined) throw refusal(`names the column "${doubled}" twice.`)
  const missing = ['model_a', 'model_b'].filter((name) => !names.includes(name))
  if (missing.length > 0)
    throw refusal(`lacks "${missing.join('" and "')}". ${NEEDED}${separatorHint(head)}`)
  const hasWinner = names.includes('winner')
  const hasCounts = names.includes('a_wins') && names.includes('b_wins')
  if (hasWinner && hasCounts)
    throw refusal('has a winner and counts. Keep "winner", or the counts, not both.')
  if (!hasWinner && !hasCounts)
    throw refusal(`has neither "winner" nor "a_wins" and "b_wins". ${NEEDED}`)
  const raters = RATERS.filter((name) => names.includes(name))
  if (raters.length > 1)
    throw refusal(`says who voted in "${raters.join('" and "')}". Keep one of them.`)
  const [aWins, bWins, ties, bothBad] = COUNTS
  return {
    kind: hasWinner ? 'votes' : 'counts',
    modelA: names.indexOf('model_a'),
    modelB: names.indexOf('model_b'),
    winner: names.indexOf('winner'),
    counts: [
      names.indexOf(aWins),
      names.indexOf(bWins),
      names.indexOf(ties),
      names.indexOf(bothBad),
    ],
    rater: raters[0] === undefined ? -1 : names.indexOf(raters[0]),
    prompt: names.indexOf('prompt_id'),
    cells: head.length,
  }
}

const NEEDED =
  'Votes need the columns model_a, model_b and winner; counts need model_a, model_b, a_wins and b_wins.'

function separatorHint(head: readonly string[]): string {
  const isOther = head.length === 1 && /[;\t]/.test(head[0] ?? '')
  return isOther ? ' Its cells seem to be parted by something else than commas.' : ''
}
