import { expect, it } from 'vitest'
import type { BoardAnswer } from '../boards/index.ts'
import { formatBoard } from './format-board.ts'
import { formatTable } from './format-table.ts'

const row = (model: string, rating: number | null): BoardAnswer['rows'][number] => ({
  ...{ model, island: 0, rating, se: 12, votes: 1_234, rank_low: 1, rank_high: 2, tier: 1 },
  ...{ low: rating === null ? null : rating - 25, high: rating === null ? null : rating + 30 },
  ...{ acceptability: null, p_best: 0.5, price: null, openness: null, publisher_country: null },
  ...{ parameters_total: null, size: null, places: [], retired_at: null },
})

const first = { votes: 9, retired_at: null, than_before: null }

const board: BoardAnswer = {
  ...{ league: 'models', kind: 'votes', slice: 'overall', has_style_control: false },
  ...{ is_public: false, votes: 1_234, raters: 12, hidden_rows: 1 },
  version: {
    ...{ number: 7, made_at: '2026-11-25T10:00:00.000Z', method: 'penalised' },
    ...{ code_version: '1', through_vote: 9, is_last: true, is_settled: true },
  },
  sentence: 'maker/one leads by 1,234 votes of 12 raters.',
  rows: [
    row('maker/one-with-a-long-name-that-goes-on-and-on', 1040),
    row('maker/two', 960),
    row('maker/three', null),
  ],
  decisions: [
    {
      ...{ question: 'who_is_best', island: 0, leader: 'maker/one', status: 'leaning' },
      needed: { kind: 'votes', more_votes: 400, reason: null },
      ...{ rival_count: 1, rivals: [] },
    },
  ],
  claims: {
    ...{ certified: 0, leaning: 1, caveats: [] },
    neighbours: [{ better: 'maker/one', worse: 'maker/two', status: 'leaning' }],
  },
  checks: [{ name: 'people', is_ok: true, text: '12 people voted.' }],
  retirements: [
    {
      ...{ question: 'may_be_retired', model: 'maker/two', by: 'maker/one', status: 'leaning' },
      needed: { kind: 'votes', more_votes: 300, reason: null },
    },
  ],
  families: [
    [
      { ...{ model: 'maker/two', rating: 960, low: 935, high: 990 }, ...first },
      {
        ...{ model: 'maker/one', rating: 1040, low: 1015, high: 1070, votes: 9 },
        ...{ retired_at: null, than_before: { is_better: true, status: 'leaning' } },
      },
    ],
  ],
  evidence: {
    ...{ drift: [], drift_most_votes: 100, pairs: [], raters: null },
    controls: { left: 0, right: 0, neither: 0 },
  },
  diagnostics: {} as BoardAnswer['diagnostics'],
  style: null,
  agreement_with_judgements: null,
}

it('fits a board into 80 columns, with whiskers, what is open and whether to trust it', () => {
  const { above, columns, rows, below } = formatBoard(board)
  const table = formatTable(columns, rows, { columns: 80, styleHead: (text) => text })
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(table.split('\n')).toHaveLength(5)
  expect(table).toMatch(/1–2 {2}maker\/one.* 1040 .*├─+●─+┤ +1,234/)
  expect(above[0]).toBe(board.sentence)
  expect(below).toContain('  maker/one over maker/two: leaning')
  expect(below).toContain('Who is best: 400 more votes would decide.')
  expect(below).toContain('  ✓ 12 people voted.')
  expect(below).toContain('maker/two 960 < maker/one 1040 (leaning)')
  expect(below).toContain(
    'May maker/two be retired: maker/one is no dearer, better is leaning, 300 more votes would decide.',
  )
  expect(below.at(-1)).toBe('models/overall, votes, version 7 of 2026-11-25 10:00:00 UTC.')
})

it('tells what style does, with its error', () => {
  const style = {
    ...{ votes: 100, most_votes: 20_000 },
    effects: [{ name: 'words', effect_points: 19.2, se_points: 5 }],
  }
  const { below } = formatBoard({ ...board, style })
  expect(below).toContain('Style is taken out, in points: words +19 ± 10.')
})
