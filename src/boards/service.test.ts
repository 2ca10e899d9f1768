import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { openVoteWorld, type VoteWorld } from '../../tests/support/boards.ts'
import { openTestStore } from '../../tests/support/database.ts'
import { principalWith } from '../../tests/support/principal.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { newId, type SubjectId, silentLog, systemClock } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import {
  type BoardClaims,
  claimBoard,
  countRows,
  MEAN_POINTS,
  POINTS_PER_UNIT,
  rankModels,
  rateBoard,
  ratingOf,
  readVoteFile,
} from '../ratings/index.ts'
import { openBoards } from './service.ts'
import { shapeBoard } from './shape-board.ts'
import type { BoardModel } from './view-board.ts'

const workerPath = fileURLToPath(new URL('./rating-worker.ts', import.meta.url))
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const overall = { league: 'models', kind: 'votes', slice: 'overall' } as const
const wish = { ...overall, isStyled: false, number: null, filter: {} }

async function openWorld(models = 5) {
  const store = await openTestStore()
  closers.push(() => store.close())
  const world = await openVoteWorld(store, models)
  const about = new Map(
    world.models.map((id, at): [string, BoardModel] => [
      id,
      {
        name: `maker/model "${at}", 模型`,
        openness: at === 0 ? 'closed' : 'weights',
        publisherCountry: at === 1 ? 'CN' : null,
        parametersTotal: at === 2 ? 7e9 : null,
        places: [],
        retiredAt: null,
        price: at === 3 ? null : { amount: at / 1_000, currency: 'EUR' },
      },
    ]),
  )
  const boards = openBoards({
    ...{ store, clock: systemClock, log: silentLog, workerPath, codeVersion: '1' },
    models: () => about,
    timing: { lookMs: 50, lockMs: 50 },
  })
  closers.push(() => boards.close())
  const member = principalWith({ organisationId: world.organisationId })
  return { world, boards, member, raters: Array.from({ length: 12 }, () => newId<'subject'>()) }
}

/** Votes of twelve people: model 0 is the best. */
async function vote(world: VoteWorld, raters: readonly string[], count: number) {
  const random = seededRandom(3)
  for (let at = 0; at < count; at += 1) {
    const one = random.below(world.models.length)
    const other = (one + 1 + random.below(world.models.length - 1)) % world.models.length
    const isBetter = random.next() < 1 / (1 + Math.exp(one - other))
    await world.cast({
      left: world.model(one),
      right: world.model(other),
      choice: random.next() < 0.1 ? 'both_bad' : isBetter ? 'a' : 'b',
      raterId: raters[at % raters.length] as SubjectId,
      prompt: at % 4 < 2 ? `00000000-0000-7000-8000-00000000000${at % 4}` : null,
    })
  }
}

/** What `baimo rate` makes of a file. */
function rateFile(content: string) {
  const file = readVoteFile(content)
  if (file.kind !== 'counts') throw new Error('a board is a file of counts')
  const { promptDesignEffect: prompt } = file
  return rateBoard(countRows(file.rows).votes, prompt === null ? {} : { stated: { prompt } })
}

it('gives files that make the same board, to the digit', async () => {
  const { world, boards, member, raters } = await openWorld()
  await vote(world, raters, 300)
  await boards.whenRated()
  const shown = await boards.show(member, wish)
  const n = shown.rows.length
  const pairs = rateFile(await boards.pairsFile(member, overall))
  const ratersFile = await boards.ratersFile(member, overall)
  const effect = Number(/^# prompt_design_effect: (\S+)$/m.exec(ratersFile)?.[1])
  expect(effect).toBe(shown.payload.diagnostics.promptDesignEffect)
  const whole = rateFile(ratersFile)
  const claims: BoardClaims = claimBoard(whole)
  const standings = rankModels(whole.fit, claims)
  expect(pairs.fit.pairs.models).toHaveLength(n)
  for (const row of shown.rows) {
    const at = pairs.fit.pairs.models.indexOf(row.name)
    const points = (theta: number | undefined) => ratingOf(theta ?? Number.NaN)
    expect(row.rating).toBeCloseTo(points(pairs.fit.theta[at]), 5)
    const se = POINTS_PER_UNIT * Math.sqrt(pairs.uncertainty.V0[at * n + at] ?? 0)
    expect(row.se).toBeCloseTo(se, 5)
    expect(row.low).toBeCloseTo(points(whole.intervals.low[at]), 5)
    expect(row.high).toBeCloseTo(points(whole.intervals.high[at]), 5)
    expect(row).toMatchObject({ ...standings[at] })
  }
  const spread = POINTS_PER_UNIT * Math.sqrt(pairs.uncertainty.spread2)
  expect(shown.payload.diagnostics.matchupSpread).toBeCloseTo(spread, 6)
  const certified = claims.claims.filter(({ status }) => status === 'certified')
  expect(shown.certifiedCount).toBe(certified.length)
  expect(certified.length).toBeGreaterThan(0)
  expect(MEAN_POINTS).toBe(1000)
})

it('answers everything that a page shows, and filters rows without refitting', async () => {
  const { world, boards, member, raters } = await openWorld()
  await vote(world, raters, 200)
  await boards.whenRated()
  const json = shapeBoard(await boards.show(member, wish))
  expect(json.rows[0]).toMatchObject({
    model: 'maker/model "0", 模型',
    openness: 'closed',
    tier: 1,
  })
  expect(json.sentence).toContain('200 votes of 12 raters')
  expect(json.decisions[0]?.leader).toBe('maker/model "0", 模型')
  expect(json.checks.map(({ name }) => name)).toContain('independence')
  expect(json.style).toBeNull()
  const shownBy = async (filter: object) => {
    const filtered = shapeBoard(await boards.show(member, { ...wish, filter }))
    return [
      filtered.rows
        .map(({ model }) => model.slice(13, 14))
        .sort()
        .join(''),
      filtered.hidden_rows,
    ]
  }
  expect(await shownBy({ openness: 'weights' })).toEqual(['1234', 1])
  expect(await shownBy({ country: 'CN' })).toEqual(['1', 4])
  expect(await shownBy({ size: 'small' })).toEqual(['2', 4])
  expect(await shownBy({ maxPrice: 0.002 })).toEqual(['012', 2])
})

it('is seen outside only once the owner says so and enough people voted', async () => {
  const { world, boards, member, raters } = await openWorld()
  await world.store.pool.query('update organisations set is_house = true where id = $1', [
    world.organisationId,
  ])
  await vote(world, raters.slice(0, 4), 40)
  await boards.whenRated()
  const stranger: Principal = principalWith({ organisationId: newId<'organisation'>() })
  const denied = { code: 'boards_board_unknown' }
  await expect(boards.show(null, wish)).rejects.toMatchObject(denied)
  await boards.setPublic(member, overall, true)
  await expect(boards.show(null, wish)).rejects.toMatchObject(denied)
  expect(await boards.list(null)).toEqual([])
  await world.cast({ raterId: newId() as unknown as SubjectId })
  await boards.whenRated()
  expect((await boards.show(null, wish)).version.raters).toBe(5)
  expect((await boards.show(stranger, wish)).version.votes).toBe(41)
  expect(await boards.list(null)).toHaveLength(1)
  await expect(boards.show(null, { ...wish, slice: 'language:en' })).rejects.toMatchObject(denied)
  await boards.setSettings(member, { leastPeople: 6, leastTolerance: 5 })
  await expect(boards.pairsFile(null, overall)).rejects.toMatchObject(denied)
  await expect(
    boards.setPublic(stranger, overall, false),
    'of its own organisation only',
  ).rejects.toMatchObject(denied)
})

it('keeps counts by rater back while somebody does not share theirs', async () => {
  const { world, boards, member } = await openWorld(3)
  const raterId = newId() as unknown as SubjectId
  await world.cast({ raterId, isShared: false })
  await boards.whenRated()
  const refused = { code: 'boards_raters_not_shared' }
  await expect(boards.ratersFile(member, overall)).rejects.toMatchObject(refused)
  expect(await boards.pairsFile(member, overall)).toContain('a_wins')
  await world.cast({ raterId, isShared: true })
  expect(await boards.ratersFile(member, overall)).toMatch(/,r[0-9a-f]{12}\n/)
})

it('makes a board of one person’s own votes, beyond the cap too', async () => {
  const { world, boards, member, raters } = await openWorld()
  await vote(world, raters, 60)
  for (let at = 0; at < 35; at += 1) await world.cast({ raterId: member.subjectId })
  const mine = await boards.showMine(member, overall)
  expect(mine.version).toMatchObject({ votes: 35, raters: 1, models: 2 })
  expect(mine.payload.rules.isOnePerson).toBe(true)
  expect(mine.sentence).toContain('35 votes of 1 person')
  await expect(boards.showMine(member, { ...overall, slice: 'language:zh' })).rejects.toMatchObject(
    {
      code: 'boards_board_unknown',
    },
  )
})

it('answers while it is rated, and keeps a version that was asked for by its number', async () => {
  const { world, boards, member, raters } = await openWorld()
  await vote(world, raters, 30)
  await boards.whenRated()
  const first = await boards.show(member, wish)
  const asking = Array.from({ length: 20 }, () => boards.show(member, wish))
  const casting = Array.from({ length: 20 }, () => world.cast())
  boards.votesMoved()
  await Promise.all([...asking, ...casting])
  await boards.whenRated()
  const again = await boards.show(member, { ...wish, number: first.version.number })
  expect(again.payload).toEqual(first.payload)
  expect(again.isLast).toBe(false)
  await expect(boards.show(member, { ...wish, number: 9_999 })).rejects.toMatchObject({
    code: 'boards_version_unknown',
  })
  expect((await boards.show(member, wish)).version.votes).toBe(50)
})
