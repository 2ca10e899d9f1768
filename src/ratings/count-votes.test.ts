import { describe, expect, it } from 'vitest'
import { countRow, votesIn } from '../../tests/support/golden-fits.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { countRows, countVotes } from './count-votes.ts'
import { addTo, keyOf, openTally, pairCountsOf } from './tally.ts'
import type { ClusterCounts } from './types.ts'
import type { Choice, VoteRow } from './types-rows.ts'

function vote(modelA: string, modelB: string, choice: Choice, rater?: string): VoteRow {
  return { modelA, modelB, choice, ...(rater === undefined ? {} : { rater }) }
}

function repeated(count: number, row: VoteRow): VoteRow[] {
  return Array.from({ length: count }, () => row)
}

describe('counting votes', () => {
  it('turns pairs to the order of names and adds them up', () => {
    const { pairs } = countVotes([
      vote('b', 'a', 'a'),
      vote('a', 'b', 'a'),
      vote('b', 'a', 'tie'),
      vote('c', 'a', 'both_bad'),
      vote('b', 'a', 'b'),
    ]).votes
    expect(pairs.models).toEqual(['a', 'b', 'c'])
    expect([...pairs.first]).toEqual([0, 0])
    expect([...pairs.second]).toEqual([1, 2])
    expect([...pairs.firstWins]).toEqual([2, 0])
    expect([...pairs.secondWins]).toEqual([1, 0])
    expect([...pairs.ties]).toEqual([1, 0])
    expect([...pairs.bothBad]).toEqual([0, 1])
  })

  it('takes the first 30 votes of a rater on a pair where several people vote', () => {
    const rows = [
      ...repeated(30, vote('a', 'b', 'a', 'ann')),
      ...repeated(20, vote('b', 'a', 'a', 'ann')),
      vote('a', 'b', 'b', 'bob'),
    ]
    const { votes, beyondCap } = countVotes(rows)
    expect(beyondCap).toBe(20)
    expect([votes.pairs.firstWins[0], votes.pairs.secondWins[0]]).toEqual([30, 1])
  })

  it('takes every vote of a board of one rater', () => {
    const { votes, beyondCap } = countVotes(repeated(50, vote('a', 'b', 'a', 'ann')))
    expect([votes.pairs.firstWins[0], beyondCap]).toEqual([50, 0])
  })

  it('takes every vote whose rater is unknown, and keeps raters null where none is known', () => {
    const unknown = countVotes(repeated(50, vote('a', 'b', 'a')))
    expect([unknown.votes.pairs.firstWins[0], unknown.votes.raters]).toEqual([50, null])
    const mixed = countVotes([
      ...repeated(40, vote('a', 'b', 'a')),
      ...repeated(40, vote('a', 'b', 'a', 'ann')),
    ])
    expect(mixed.votes.pairs.firstWins[0]).toBe(70)
    expect(mixed.votes.raters?.firstWins[0]).toBe(30)
  })

  it('leaves out votes on a model against itself, and says how many', () => {
    const { votes, selfPlay } = countVotes([vote('a', 'a', 'a'), vote('a', 'b', 'tie')])
    expect([selfPlay, votes.pairs.first.length]).toEqual([1, 1])
    expect(countVotes([vote('a', 'a', 'a')]).votes.pairs.models).toEqual(['a'])
  })

  it('counts by rater and by prompt what it counts by pair', () => {
    const random = seededRandom(5)
    const rows = Array.from(
      { length: 3_000 },
      (): VoteRow => ({
        ...vote(
          random.pick(['a', 'b', 'c', 'd']),
          random.pick(['a', 'b', 'c', 'd']),
          random.pick(['a', 'b', 'tie', 'both_bad']),
          random.pick(['ann', 'bob', 'cai']),
        ),
        prompt: String(random.below(7)),
      }),
    )
    const { votes, beyondCap } = countVotes(rows)
    expect(beyondCap).toBeGreaterThan(0)
    for (const clusters of [votes.raters, votes.prompts]) {
      expect(sumsByPair(clusters, votes.pairs.first.length)).toEqual([...votes.pairs.firstWins])
      expect(isSorted(clusters)).toBe(true)
    }
  })

  it('keeps names as they are: commas, quotes, newlines, emoji, and code units in order', () => {
    const names = ['a,b', '"q"', 'line\nbreak', '🦜', '\uffff', 'é', 'e\u0301', '__proto__']
    const rows = names.map((name) => vote(name, 'other', 'a', name))
    const { pairs, raters } = countVotes(rows).votes
    expect(pairs.models).toEqual([...names, 'other'].sort())
    expect(raters?.clusters).toBe(names.length)
  })

  it('refuses a choice that it does not know, and a row without a model', () => {
    const unknown = { ...vote('a', 'b', 'a'), choice: 'A' as Choice }
    const inherited = { ...vote('a', 'b', 'a'), choice: 'toString' as Choice }
    expect(() => countVotes([vote('a', 'b', 'a'), unknown])).toThrow(/^Row 2: the choice must be/)
    expect(() => countVotes([inherited])).toThrow(/"toString"/)
    expect(() => countVotes([vote('', 'b', 'a')])).toThrow('Row 1: name two models.')
  })

  it('counts no row as no pair', () => {
    const { pairs, raters, prompts } = countVotes([]).votes
    expect([pairs.models, pairs.first.length, raters, prompts]).toEqual([[], 0, null, null])
  })
})

describe('counting rows of counts', () => {
  it('adds rows of one pair in either order, and drops those without votes', () => {
    const rows = [
      countRow(['a', 'b'], 1e9, 2),
      countRow(['b', 'a'], 5, 0.5),
      countRow(['a', 'c'], 0, 0),
    ]
    const { pairs } = countRows(rows).votes
    expect(pairs.models).toEqual(['a', 'b', 'c'])
    expect([...pairs.firstWins]).toEqual([1e9 + 0.5])
    expect([...pairs.secondWins]).toEqual([7])
  })

  it('scales a rater with more than 30 votes on a pair down to 30', () => {
    const rows = [
      { ...countRow(['a', 'b'], 40, 0), rater: 'ann' },
      { ...countRow(['b', 'a'], 10, 10), rater: 'ann' },
      { ...countRow(['a', 'b'], 3, 1), rater: 'bob' },
    ]
    const { votes, beyondCap } = countRows(rows)
    expect(votes.pairs.firstWins[0]).toBeCloseTo(25 + 3, 12)
    expect(votes.pairs.secondWins[0]).toBeCloseTo(5 + 1, 12)
    expect(beyondCap).toBeCloseTo(30, 12)
    expect(votesIn(countRows(rows.slice(0, 2)).votes.pairs)).toBe(60)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 54])('refuses %d votes', (votes) => {
    expect(() => countRows([countRow(['a', 'b'], votes, 1)])).toThrow(/^Row 1: .* no number/)
  })

  it('says the same of votes and of their counts', () => {
    const random = seededRandom(9)
    const rows = Array.from({ length: 500 }, () =>
      vote(random.pick(['a', 'b']), random.pick(['c', 'a']), random.pick(['a', 'b', 'tie'])),
    )
    const four: Readonly<Record<Choice, readonly number[]>> = {
      a: [1, 0, 0],
      b: [0, 1, 0],
      tie: [0, 0, 1],
      both_bad: [0, 0, 0],
    }
    const counted = rows.map(({ modelA, modelB, choice }) => {
      const [aWins = 0, bWins = 0, ties = 0] = four[choice]
      return { modelA, modelB, aWins, bWins, ties, bothBad: 0 }
    })
    expect(countRows(counted)).toEqual(countVotes(rows))
  })
})

it('knows no rater by a line of zeros: one person alone keeps all votes', () => {
  const row = { modelA: 'a', modelB: 'b', aWins: 40, bWins: 20, ties: 0, bothBad: 0, rater: 'ann' }
  const zeros = { ...row, modelB: 'c', aWins: 0, bWins: 0, rater: 'bob' }
  for (const silent of [zeros, { ...zeros, rater: null }]) {
    const { votes, beyondCap } = countRows([silent, row])
    expect([beyondCap, votes.raters?.clusters, votes.pairs.models.length]).toEqual([0, 1, 3])
  }
})

it('keeps two numbers in a key, and sums under it', () => {
  expect(keyOf(2 ** 25, 2 ** 26 - 1)).toBe(2 ** 51 + 2 ** 26 - 1)
  const tally = openTally()
  addTo(tally, keyOf(0, 1), [1, 0, 0, 0])
  addTo(tally, keyOf(0, 1), [1, 2, 0, 0])
  expect(pairCountsOf(['a', 'b'], tally).firstWins[0]).toBe(2)
})

function sumsByPair(clusters: ClusterCounts | null, pairs: number): number[] {
  const sums: number[] = new Array(pairs).fill(0)
  clusters?.pair.forEach((pair, row) => {
    sums[pair] = (sums[pair] ?? 0) + (clusters.firstWins[row] ?? 0)
  })
  return sums
}

function isSorted(clusters: ClusterCounts | null): boolean {
  const keys = [...(clusters?.cluster ?? [])].map((cluster, row) =>
    keyOf(cluster, clusters?.pair[row] ?? 0),
  )
  return keys.every((key, row) => row === 0 || (keys[row - 1] ?? 0) < key)
}
