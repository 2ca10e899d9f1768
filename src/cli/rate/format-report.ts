import type { BoardCheck } from '../../ratings/index.ts'
import type { Column } from '../format-table.ts'
import { formatMs, formatWhole } from '../words.ts'
import { drawWhisker, type Scale, scaleOf } from './draw-whisker.ts'
import type { BoardRow, RateReport } from './report.ts'

/** A part of what is printed: lines, or a table. */
export type Section =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly Column[]
      readonly rows: readonly (readonly string[])[]
    }

/** Narrower screens have no room for whiskers beside names. */
const LEAST_COLUMNS = 88
const WHISKER_CELLS = 25
const LISTED = 3

/** A board for people: what it says, each model, the claims, and whether to trust it. */
export function formatReport(report: RateReport, columns: number | null): Section[] {
  const { diagnostics, board } = report
  const islands = diagnostics.islands.filter((names) => names.length > 1)
  const scale = columns === null || columns >= LEAST_COLUMNS ? scaleOf(board, WHISKER_CELLS) : null
  const byName = new Map(board.map((row) => [row.model, row]))
  return [
    lines(diagnostics.summary),
    ...islands.flatMap((names, at): Section[] => [
      ...(islands.length > 1
        ? [lines(`Island ${at + 1}: ${names.length} models, on a scale of their own`)]
        : []),
      boardTable(
        names.flatMap((name) => byName.get(name) ?? []),
        scale,
      ),
    ]),
    ...silentModels(board),
    lines(...claimLines(report)),
    lines('Can I trust this?', ...diagnostics.checks.filter(tellsSomething).map(formatCheck)),
    ...pairSection(report),
    ...raterSection(report),
    lines(footOf(report)),
  ]
}

function lines(...text: readonly string[]): Section {
  return { kind: 'lines', lines: text }
}

const HEADS: readonly Column[] = [
  { title: 'TIER', side: 'right' },
  { title: 'RANKS', side: 'right' },
  { title: 'MODEL', isWhole: true },
  { title: 'RATING', side: 'right' },
  { title: '95 % INTERVAL', side: 'right' },
  { title: 'VOTES', side: 'right' },
]

function boardTable(rows: readonly BoardRow[], scale: Scale | null): Section {
  const isRanked = rows.some(({ tier }) => tier !== null)
  const heads = isRanked ? HEADS : HEADS.slice(2)
  const whiskers = scale === null ? [] : [{ title: scale.title, isWhole: true }]
  return {
    kind: 'table',
    columns: [...heads, ...whiskers],
    rows: rows.map((row) => [
      ...(isRanked ? [String(row.tier ?? ''), `${row.rank_low}–${row.rank_high}`] : []),
      row.model,
      formatPoints(row.rating),
      `${formatPoints(row.low, 0)} – ${formatPoints(row.high, 0)}`,
      formatWhole(Math.round(row.votes)),
      ...(scale === null ? [] : [drawWhisker(row, scale)]),
    ]),
  }
}

function formatPoints(points: number | null, digits = 1): string {
  return points === null ? 'unknown' : points.toFixed(digits)
}

function silentModels(board: readonly BoardRow[]): Section[] {
  const silent = board.filter(({ rating }) => rating === null).map(({ model }) => model)
  if (silent.length === 0) return []
  const more = silent.length > LISTED ? ` and ${silent.length - LISTED} more` : ''
  return [lines(`Without a vote that counts: ${silent.slice(0, LISTED).join(', ')}${more}.`)]
}

function claimLines({ diagnostics, claims, method }: RateReport): string[] {
  const { certified, leaning, undecided, threshold, tiers } = diagnostics
  if (certified === null || leaning === null || undecided === null)
    return [`Claims: ${method} makes none. The default method does.`]
  const weakest = claims.filter(({ status }) => status === 'certified').at(-1)
  const closest = claims.find(({ status }) => status !== 'certified')
  const of = formatWhole(claims.length)
  return [
    `Claims: of ${of} pairs ${formatWhole(certified)} certified, ${formatWhole(leaning)} leaning, ` +
      `${formatWhole(undecided)} undecided; ${tiers} ${tiers === 1 ? 'tier' : 'tiers'}.`,
    `Certified needs evidence of ${formatEvidence(threshold)}: it holds however often one looks.`,
    ...(weakest === undefined
      ? []
      : [
          `Weakest certified: ${weakest.better} over ${weakest.worse}, ` +
            `by ${weakest.gap.toFixed(0)} points; ${(weakest.tolerance ?? 0).toFixed(1)} ` +
            'replaced votes undo it.',
        ]),
    ...(claims.some(({ caveats }) => caveats.includes('matchups_unchecked'))
      ? ['Too few models to check matchups: every claim takes it that one scale holds.']
      : []),
    ...(closest === undefined
      ? []
      : [
          `Closest to certified: ${closest.better} over ${closest.worse}, ` +
            `by ${closest.gap.toFixed(0)} points.`,
        ]),
  ]
}

function formatEvidence(threshold: number | null): string {
  return threshold === null ? 'unknown' : formatWhole(Math.round(threshold))
}

const MARKS: Readonly<Record<BoardCheck['state'], string>> = {
  passed: '  ✓ ',
  failed: '  ✗ ',
  unknown: '  ? ',
}

/** What follows from raters being unknown is told once. */
function tellsSomething({ name, state }: BoardCheck): boolean {
  const isOfRaters = ['raters_enough', 'no_rater_majority', 'no_rater_decides'].includes(name)
  return state !== 'unknown' || !isOfRaters
}

function formatCheck({ state, message }: BoardCheck): string {
  return `${MARKS[state]}${message}`
}

function pairSection({ diagnostics }: RateReport): Section[] {
  const worst = diagnostics.residual_pairs.filter(({ z }) => Math.abs(z) >= 2).slice(0, LISTED)
  if (worst.length === 0) return []
  return [
    lines(
      'Pairs that one scale explains worst',
      ...worst.map(
        ({ model_a, model_b, observed, expected, votes }) =>
          `  ${model_a} against ${model_b}: ${percent(observed)} of the points in ` +
          `${formatWhole(votes)} votes, expected ${percent(expected)}.`,
      ),
    ),
  ]
}

function raterSection({ diagnostics }: RateReport): Section[] {
  const { influential_raters: influential, outlier_raters: outliers } = diagnostics
  const found = outliers.slice(0, LISTED).map(({ rater }) => rater)
  const more = outliers.length > LISTED ? ` and ${outliers.length - LISTED} more` : ''
  const sections: Section[] = []
  if (influential.length > 0)
    sections.push(
      lines(
        'Without the most influential raters',
        ...influential.map(
          ({ rater, share, leader_without, moved, moved_by, claims_lost }) =>
            `  ${rater} (${percent(share)} of the votes): ${leader_without} leads, ` +
            `${moved} moves by ${moved_by > 0 ? '+' : ''}${moved_by.toFixed(0)}, ` +
            `${formatWhole(claims_lost)} certified ${claims_lost === 1 ? 'claim' : 'claims'} lost.`,
        ),
      ),
    )
  if (found.length > 0)
    sections.push(
      lines(
        `Raters who vote against the others more often than chance: ${found.join(', ')}${more}.`,
      ),
    )
  return sections
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

function footOf({ votes, models, method, fit_ms, diagnostics }: RateReport): string {
  const { votes_beyond_cap: beyond } = diagnostics
  const capped =
    beyond > 0
      ? ` ${formatWhole(Math.round(beyond))} beyond 30 of one rater on a pair left out.`
      : ''
  return (
    `${formatWhole(Math.round(votes))} votes on ${formatWhole(models)} models, rated in ` +
    `${formatMs(fit_ms)} (${method}).${capped}`
  )
}
