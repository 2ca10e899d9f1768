import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { openBoardRoom } from './board-room.ts'
import type { VoteMove } from './types.ts'
import type { VersionPayload } from './types-versions.ts'
import type { RatingNews, RatingOrder } from './types-worker.ts'

const models = ['id-a', 'id-b', 'id-c', 'id-d']
const names = models.map((id): [string, string] => [id, id.replace('id-', 'model ')])

function openRoom(wasOnePerson = false, standing: readonly string[] = []) {
  const room = openBoardRoom({ nowMs: () => 0, compress: (text) => Buffer.from(text) })
  const on = { board: 1 }
  room({
    ...{ ...on, kind: 'open', standing: [standing, []], wasOnePerson: [wasOnePerson, false] },
  } as RatingOrder)
  const rows = models.flatMap((first, i) =>
    models.slice(i + 1).map((second, j) => ({
      ...{ pair: i * 4 + i + 1 + j, first, second },
      counts: [0, 0, 0, 0] as const,
    })),
  )
  room({ ...on, kind: 'pairs', rows })
  const rate = (order: { isStyled?: boolean; retired?: string[] } = {}) => {
    const { isStyled = false, retired = [] } = order
    const news = room({
      ...{ ...on, kind: 'rate', id: 1, isStyled, isSettled: false, names, retired, seed: 1 },
      ...{ controls: { left: 1, right: 0, neither: 3 }, prices: [] },
    })
    if (news?.kind !== 'rated') throw new Error(JSON.stringify(news))
    const payload = JSON.parse(Buffer.from(news.payload).toString()) as VersionPayload
    return { news: news as Extract<RatingNews, { kind: 'rated' }>, payload }
  }
  return { room, rate, on }
}

/** An id of a vote that was cast so many seconds after 1970 began. */
function idAt(seconds: number): string {
  const hex = (seconds * 1_000).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/** Votes on models a natural unit apart, the first in the alphabet the best. */
function movesOf(count: number, raters: number, from = 1): VoteMove[] {
  const random = seededRandom(from)
  return Array.from({ length: count }, (_, at) => {
    const i = random.below(3)
    const j = i + 1 + random.below(3 - i)
    return {
      ...{ seq: from + at, voteId: `${at}`, boardIds: [1], pair: i * 4 + j, prompt: null },
      ...{
        rater: at % raters,
        outcome: random.next() < 1 / (1 + Math.exp(i - j)) ? 0 : 1,
        sign: 1,
        isOver: false,
      },
      ...{ movedAtMs: 0, isSwapped: random.next() < 0.5 },
      style: Array.from({ length: 8 }, () => random.below(50)),
    } as VoteMove
  })
}

it('certifies once, and voids what the second person or a retirement ends', () => {
  const { room, rate, on } = openRoom()
  room({ ...on, kind: 'moves', moves: movesOf(300, 1) })
  const first = rate()
  expect(first.payload.rules.isOnePerson).toBe(true)
  expect(first.news.rated.certified.length).toBeGreaterThan(0)
  expect(first.news.rated.certified[0]).toMatchObject({ better: expect.stringMatching(/^id-/) })
  expect(rate().news.rated.certified).toEqual([])
  room({
    ...on,
    kind: 'moves',
    moves: movesOf(300, 10, 1_000).map((m) => ({ ...m, rater: m.rater + 5 })),
  })
  const { rated } = rate().news
  expect(rated.ended.map(({ reason }) => reason)).toEqual(
    first.news.rated.certified.map(() => 'second_person'),
  )
  const retired = rate({ retired: ['model a'] }).news.rated
  for (const { better, worse, reason } of retired.ended)
    expect([[better, worse].includes('id-a'), reason]).toEqual([true, 'retired'])
})

it('voids the claims on a model that changed, and certifies none while the alarm stands', () => {
  const { room, rate, on } = openRoom()
  const before = movesOf(2_000, 40).map((move, at) => ({ ...move, voteId: idAt(at) }))
  room({ ...on, kind: 'moves', moves: before })
  const first = rate()
  expect(first.payload.trust.drift).toEqual([])
  expect(first.payload.trust.controls).toEqual({ left: 1, right: 0, neither: 3 })
  expect(first.news.rated.certified.some(({ better }) => better === 'id-a')).toBe(true)
  // From now on the best loses to everybody.
  const after = movesOf(2_000, 40, 5_000).map((move, at) => ({
    ...{ ...move, voteId: idAt(2_000 + at) },
    outcome: move.pair < 4 ? 1 : move.outcome,
  }))
  room({ ...on, kind: 'moves', moves: after })
  const { payload, news } = rate()
  const alarm = payload.trust.drift.find(({ model }) => model === 'model a')
  expect(alarm?.status).toBe('alarm')
  expect(Math.abs((alarm?.changedAtMs ?? 0) - 2_000_000)).toBeLessThan(400_000)
  const ofA = news.rated.ended.filter(({ better, worse }) => [better, worse].includes('id-a'))
  expect(ofA.length).toBeGreaterThan(0)
  expect(ofA.every(({ reason }) => reason === 'drift' || reason === 'reversed')).toBe(true)
  const anew = news.rated.certified.flatMap(({ better, worse }) => [better, worse])
  expect(anew).not.toContain('id-a')
})

it('takes style out, and says what it does', () => {
  const { room, rate, on } = openRoom()
  room({ ...on, kind: 'moves', moves: movesOf(400, 12) })
  const { payload } = rate({ isStyled: true })
  expect(payload.style?.effects.map(({ name }) => name)).toEqual([
    ...['words', 'headings', 'list_items', 'bold', 'position'],
  ])
  expect(payload.style?.votes).toBe(400)
  expect(payload.models[0]?.rating).toBeGreaterThan(payload.models[3]?.rating ?? 0)
})

it('counts a move that its counts held already once', () => {
  const { room, rate, on } = openRoom()
  const moves = movesOf(20, 4)
  room({ ...on, kind: 'loaded', included: [1, 2, 3] })
  room({ ...on, kind: 'moves', moves })
  expect(rate().payload.votes).toBe(17)
})

it('says that a board is not there rather than failing', () => {
  const { room } = openRoom()
  const news = room({
    ...{
      kind: 'rate',
      board: 9,
      id: 4,
      isStyled: false,
      isSettled: true,
      names,
      retired: [],
      seed: 1,
      ...{ controls: { left: 0, right: 0, neither: 0 }, prices: [] },
    },
  })
  expect(news).toMatchObject({ kind: 'failed', id: 4 })
})
