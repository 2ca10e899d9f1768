import {
  boardOfStyle,
  contrast,
  countVotes,
  fitStyle,
  measureUncertainty,
  POINTS_PER_UNIT,
  type StyledVotes,
  type VoteRow,
  type Votes,
} from '../ratings/index.ts'
import type { LiveCounts, Names } from './live-counts.ts'
import type { Styled } from './rate-live-board.ts'
import type { VoteMove } from './types.ts'
import type { StyledRow } from './types-worker.ts'

/** Style is fitted to votes one by one, so to no more than so many of the last. */
export const MOST_STYLED_VOTES = 20_000

export const STYLE_FEATURES = ['words', 'headings', 'list_items', 'bold'] as const
/** Style is a matter of choices: both bad is a tie. */
const CHOICES = ['a', 'b', 'tie', 'tie'] as const
const POINTS = [1, 0, 0.5, 0.5] as const

/** The last votes of a board whose answers' looks are known. */
export interface StyleRing {
  /** Takes the place of all that was there; oldest first. */
  fill(rows: readonly StyledRow[]): void
  /** A vote more. One that is taken back is found only by filling anew. */
  move(move: VoteMove): void
  /** The board with style taken out; null: there are no such votes. */
  rate(on: {
    readonly counts: LiveCounts
    readonly names: Names
  }): (Styled & { readonly ratedVotes: Votes }) | null
}

export function openStyleRing(): StyleRing {
  let rows: StyledRow[] = []
  return {
    fill(all) {
      rows = all.slice(-MOST_STYLED_VOTES)
    },
    move({ style, isOver, sign, ...row }) {
      if (style === null || isOver || sign < 0) return
      rows.push({ ...row, style })
      if (rows.length > MOST_STYLED_VOTES * 1.1) rows = rows.slice(-MOST_STYLED_VOTES)
    },
    rate({ counts, names }) {
      const last = rows.slice(-MOST_STYLED_VOTES)
      return last.length === 0 ? null : rateStyled(last, counts, names)
    },
  }
}

type Placed = StyledRow & { readonly left: string; readonly right: string }

function rateStyled(rows: readonly StyledRow[], counts: LiveCounts, names: Names) {
  const placed = rows.flatMap((row): Placed[] => {
    const ends = counts.endsOf(row.pair)
    if (ends === null) return []
    const [first, second] = ends.map((id) => names.get(id) ?? id) as [string, string]
    if (first === second) return []
    const [left, right] = row.isSwapped ? [second, first] : [first, second]
    return [{ ...row, left, right }]
  })
  const ratedVotes = countVotes(placed.map(voteOf)).votes
  const styledVotes = styledVotesOf(placed, ratedVotes.pairs.models)
  const style = fitStyle(styledVotes)
  const fit = boardOfStyle(styledVotes, style)
  return {
    board: { fit, uncertainty: measureUncertainty(fit, ratedVotes) },
    effects: style.coefficients.map(({ name, value, se }) => ({
      name,
      points: value * POINTS_PER_UNIT,
      se: se * POINTS_PER_UNIT,
    })),
    votes: placed.length,
    mostVotes: MOST_STYLED_VOTES,
    ratedVotes,
  }
}

/** Whose choice an outcome is, of the pair's first and second, as left and right. */
function outcomeOf({ outcome, isSwapped }: StyledRow): number {
  return isSwapped && outcome < 2 ? 1 - outcome : outcome
}

function voteOf(row: Placed): VoteRow {
  return {
    modelA: row.left,
    modelB: row.right,
    choice: CHOICES[outcomeOf(row)] ?? 'tie',
    rater: String(row.rater),
  }
}

function styledVotesOf(placed: readonly Placed[], models: readonly string[]): StyledVotes {
  const place = new Map(models.map((name, index) => [name, index]))
  const half = STYLE_FEATURES.length
  const raters = new Map<number, number>()
  for (const { rater } of placed) if (!raters.has(rater)) raters.set(rater, raters.size)
  return {
    models,
    left: Int32Array.from(placed, ({ left }) => place.get(left) ?? 0),
    right: Int32Array.from(placed, ({ right }) => place.get(right) ?? 0),
    points: Float64Array.from(placed, (row) => POINTS[outcomeOf(row)] ?? 0.5),
    features: STYLE_FEATURES,
    contrasts: Float64Array.from(
      placed.flatMap(({ style }) =>
        STYLE_FEATURES.map((_, f) => contrast(style[f] ?? 0, style[f + half] ?? 0)),
      ),
    ),
    rater: Int32Array.from(placed, ({ rater }) => raters.get(rater) ?? 0),
  }
}
