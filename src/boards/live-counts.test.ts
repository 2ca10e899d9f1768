import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { countVotes, type VoteRow } from '../ratings/index.ts'
import { openLiveCounts } from './live-counts.ts'

const ids = ['id-c', 'id-a', 'id-d', 'id-b', 'id-e']
const names = new Map(ids.map((id) => [id, id.replace('id-', 'model ')]))

function pairOf(one: number, other: number): number {
  return Math.min(one, other) * 10 + Math.max(one, other)
}

/** Moves a board by votes, and gives the same votes to the library. */
function play(seed: number, raters: number) {
  const random = seededRandom(seed)
  const live = openLiveCounts()
  const rows: VoteRow[] = []
  for (let vote = 0; vote < 400; vote += 1) {
    const one = random.below(4)
    const other = one + 1 + random.below(4 - one)
    const pair = pairOf(one, other)
    const [first, second] = [ids[one] ?? '', ids[other] ?? '']
    if (!live.hasPair(pair)) live.addPair({ pair, first, second, counts: [0, 0, 0, 0] })
    const outcome = random.below(4)
    const rater = `r${random.below(raters)}`
    const move = { pair, rater, outcome, isOver: false }
    live.move({ ...move, sign: 1 })
    if (random.next() < 0.3) {
      live.move({ ...move, sign: -1 })
      continue
    }
    const choice = (['a', 'b', 'tie', 'both_bad'] as const)[outcome] ?? 'a'
    rows.push({
      modelA: names.get(first) ?? '',
      modelB: names.get(second) ?? '',
      choice,
      rater,
    })
  }
  return { live, rows }
}

it.each([1, 2, 3])('holds what the library counts from the same votes (seed %i)', (seed) => {
  const { live, rows } = play(seed, 30)
  const counted = countVotes(rows, { votesPerRaterAndPair: 1e9 }).votes
  const { raters, pairs } = live.votes(names, { raters: 'all' })
  expect(pairs).toEqual(counted.pairs)
  const totals = [...(live.votes(names, { raters: 'totals' }).raters?.firstWins ?? [])]
  expect(totals.reduce((sum, votes) => sum + votes, 0)).toBe(rows.length)
  expect(raters?.clusters).toBe(counted.raters?.clusters)
  for (const column of ['cluster', 'pair', 'firstWins', 'secondWins', 'ties', 'bothBad'] as const)
    expect([...(raters?.[column] ?? [])]).toEqual([...(counted.raters?.[column] ?? [])])
})

it('counts what lies beyond the cap on boards of one rater only', () => {
  const live = openLiveCounts()
  live.addPair({ pair: 1, first: 'id-b', second: 'id-a', counts: [30, 0, 0, 0] })
  live.addRater({ key: '7', pair: 1, counts: [30, 0, 0, 0, 5, 0, 0, 2] })
  const alone = live.votes(names, { raters: 'all' })
  expect([...alone.pairs.secondWins, ...alone.pairs.bothBad]).toEqual([35, 2])
  expect([...(alone.raters?.secondWins ?? [])]).toEqual([35])
  live.move({ pair: 1, rater: '8', outcome: 1, sign: 1, isOver: false })
  const both = live.votes(names, { raters: 'all' })
  expect([...both.pairs.secondWins, ...both.pairs.firstWins]).toEqual([30, 1])
  expect([...(both.raters?.secondWins ?? [])]).toEqual([30, 0])
})

it('joins models that became one, and forgets what they had between them', () => {
  const live = openLiveCounts()
  live.addPair({ pair: 1, first: 'x', second: 'y', counts: [5, 0, 0, 0] })
  live.addPair({ pair: 2, first: 'x', second: 'z', counts: [2, 1, 0, 0] })
  live.addPair({ pair: 3, first: 'y', second: 'z', counts: [1, 0, 0, 1] })
  live.addRater({ key: '1', pair: 1, counts: [5, 0, 0, 0, 0, 0, 0, 0] })
  live.addRater({ key: '1', pair: 2, counts: [2, 1, 0, 0, 0, 0, 0, 0] })
  live.addRater({ key: '2', pair: 3, counts: [1, 0, 0, 1, 0, 0, 0, 0] })
  const merged = new Map([
    ['x', 'one'],
    ['y', 'one'],
    ['z', 'a'],
  ])
  const { pairs, raters } = live.votes(merged, { raters: 'all' })
  expect(pairs.models).toEqual(['a', 'one'])
  expect([...pairs.firstWins, ...pairs.secondWins, ...pairs.bothBad]).toEqual([1, 3, 1])
  expect([...(raters?.cluster ?? [])]).toEqual([0, 1])
})

it('keeps prompts as they were told last', () => {
  const live = openLiveCounts()
  live.addPair({ pair: 1, first: 'x', second: 'y', counts: [5, 0, 0, 0] })
  live.setPrompt('p', [{ pair: 1, counts: [2, 0, 0, 0] }])
  live.setPrompt('p', [{ pair: 1, counts: [3, 0, 0, 0] }])
  expect([...(live.votes(new Map(), { raters: 'totals' }).prompts?.firstWins ?? [])]).toEqual([3])
  live.setPrompt('p', [])
  expect(live.votes(new Map(), { raters: 'totals' }).prompts).toBeNull()
})
