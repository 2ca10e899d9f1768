import type { BoardAnswer } from '../boards/index.ts'
import type { Column } from './format-table.ts'
import { drawWhisker, scaleOf } from './rate/draw-whisker.ts'
import { formatWhole } from './words.ts'

const WHISKER_CELLS = 21
const NEIGHBOURS_SHOWN = 5

/** A board for a person: lines above the table, the table, lines below it. */
export interface BoardText {
  readonly above: readonly string[]
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
  readonly below: readonly string[]
}

/** What a board says, as a terminal of 80 columns shows it. */
export function formatBoard(board: BoardAnswer): BoardText {
  const scale = scaleOf(board.rows, WHISKER_CELLS)
  return {
    above: [board.sentence, ''],
    columns: [
      { title: 'TIER', side: 'right' },
      { title: 'RANKS', side: 'right' },
      { title: 'MODEL' },
      { title: 'RATING', side: 'right' },
      { title: scale?.title ?? '', isWhole: true },
      { title: 'VOTES', side: 'right' },
    ],
    rows: board.rows.map((row) => [
      row.rating === null ? '' : String(row.tier),
      row.rating === null ? '' : `${row.rank_low}–${row.rank_high}`,
      row.retired_at === null ? row.model : `${row.model} (retired)`,
      row.rating === null ? 'unknown' : row.rating.toFixed(0),
      scale === null ? '' : drawWhisker(row, scale),
      formatWhole(Math.round(row.votes)),
    ]),
    below: [
      '',
      ...claimLines(board),
      ...styleLines(board),
      ...familyLines(board),
      ...checkLines(board),
      footOf(board),
    ],
  }
}

function claimLines(board: BoardAnswer): string[] {
  const { claims, decisions, hidden_rows: hidden } = board
  const open = claims.neighbours.filter(({ status }) => status !== 'certified')
  const [decision] = decisions
  const isOpen = decision !== undefined && decision.status !== 'certified'
  return [
    ...(hidden === 0 ? [] : [`${hidden} more do not fit what you asked for.`]),
    `Claims: ${formatWhole(claims.certified)} certified, ${formatWhole(claims.leaning)} leaning.`,
    ...open
      .slice(0, NEIGHBOURS_SHOWN)
      .map(({ better, worse, status }) => `  ${better} over ${worse}: ${status}`),
    ...(isOpen && decision.needed.more_votes !== null
      ? [`Who is best: ${formatWhole(decision.needed.more_votes)} more votes would decide.`]
      : []),
    ...retirementLines(board),
  ]
}

/** Of those that may soon be retired, the first. */
const RETIREMENTS_SHOWN = 3

function retirementLines({ retirements }: BoardAnswer): string[] {
  return retirements.slice(0, RETIREMENTS_SHOWN).map(({ model, by, status, needed }) => {
    const more = needed.more_votes
    const rest = more === null ? '' : `, ${formatWhole(more)} more votes would decide`
    return `May ${model} be retired: ${by} is no dearer, better is ${status}${rest}.`
  })
}

function familyLines({ families }: BoardAnswer): string[] {
  return families.map((line) =>
    line
      .map(({ model, rating, than_before: than }) => {
        const points = `${model} ${rating === null ? 'unknown' : rating.toFixed(0)}`
        if (than === null) return points
        return `${than.is_better ? '<' : '>'} ${points} (${than.status})`
      })
      .join(' '),
  )
}

function styleLines({ style }: BoardAnswer): string[] {
  if (style === null) return []
  const effects = style.effects.map(
    ({ name, effect_points: points, se_points: se }) =>
      `${name} ${points >= 0 ? '+' : ''}${points.toFixed(0)} ± ${(1.96 * se).toFixed(0)}`,
  )
  return [`Style is taken out, in points: ${effects.join(', ')}.`]
}

function checkLines({ checks }: BoardAnswer): string[] {
  return [
    'Can I trust this?',
    ...checks.map(({ is_ok: isOk, text }) => `  ${isOk ? '✓' : '✗'} ${text}`),
  ]
}

function footOf({ league, slice, kind, version }: BoardAnswer): string {
  const at = version.made_at.slice(0, 19).replace('T', ' ')
  return `${league}/${slice}, ${kind}, version ${version.number} of ${at} UTC.`
}
