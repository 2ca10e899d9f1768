import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { sql } from 'kysely'
import { afterEach, expect, it } from 'vitest'
import { openVoteWorld, type VoteWorld } from '../../tests/support/boards.ts'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { newId, type SubjectId, silentLog, systemClock } from '../kernel/index.ts'
import { countVotes, rateBoard, ratingOf, type VoteRow } from '../ratings/index.ts'
import type { Store } from '../store/index.ts'
import { setVoteAside } from './cast-vote-service.ts'
import { type Keeper, openKeeper } from './keeper-service.ts'
import { openRater } from './open-rater.ts'
import { selectBoards } from './store.ts'
import { selectCertificates, selectLastVersions, selectVersion } from './store-versions.ts'
import type { Choice, VoteId } from './types.ts'
import type { VersionPayload } from './types-versions.ts'

const workerPath = fileURLToPath(new URL('./rating-worker.ts', import.meta.url))
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function keep(store: Store, names = new Map<string, string>(), codeVersion = '1'): Keeper {
  const rater = openRater(workerPath)
  const keeper = openKeeper({
    ...{ store, clock: systemClock, log: silentLog, rater, codeVersion },
    modelNames: () => ({ names, retired: new Set(), prices: new Map() }),
    timing: { lookMs: 50, lockMs: 50 },
  })
  closers.push(async () => {
    await keeper.close()
    await rater.close()
  })
  return keeper
}

async function readBoard(world: VoteWorld, slice: string, isStyled = false) {
  const boards = await selectBoards(world.store.db, world.organisationId)
  const board = boards.find((one) => one.slice === slice)
  if (board === undefined) throw new Error(`no board ${slice}`)
  const versions = await selectLastVersions(world.store.db, [board.id])
  const last = versions.find((version) => version.isStyled === isStyled)
  const version = last && (await selectVersion(world.store.db, last))
  if (!version) throw new Error(`no version of ${slice}`)
  return {
    board,
    version,
    payload: JSON.parse(gunzipSync(version.payload).toString()) as VersionPayload,
  }
}

/** Casts votes of known strengths: a lower number is a better model. */
async function vote(world: VoteWorld, count: number, seed = 1) {
  const random = seededRandom(seed)
  const raters = Array.from({ length: 20 }, () => newId<'subject'>() as SubjectId)
  const cast: (VoteRow & { id: VoteId })[] = []
  for (let at = 0; at < count; at += 1) {
    const one = random.below(world.models.length)
    const other = (one + 1 + random.below(world.models.length - 1)) % world.models.length
    const isBetter = random.next() < 1 / (1 + Math.exp((one - other) * 1.5))
    const choice: Choice = random.next() < 0.1 ? 'tie' : isBetter ? 'a' : 'b'
    const id = newId<'vote'>()
    const [left, right, raterId] = [
      world.model(one),
      world.model(other),
      raters[at % 20] as SubjectId,
    ]
    const [words, other_] = [random.below(300), random.below(300)]
    const look = { headings: random.below(3), listItems: random.below(5), bold: random.below(4) }
    await world.cast({
      ...{ id, left, right, choice, raterId },
      style: [
        { words, ...look },
        { words: other_, headings: 0, listItems: 2, bold: 1 },
      ],
      prompt: at % 3 === 0 ? '00000000-0000-7000-8000-000000000001' : null,
    })
    cast.push({ id, modelA: left, modelB: right, choice, rater: raterId })
  }
  return cast
}

describeOnEveryServer('the keeper', (openStore) => {
  async function openWorld(models?: number): Promise<VoteWorld> {
    const store = await openStore()
    closers.push(() => store.close())
    return openVoteWorld(store, models)
  }

  it('rates every board of a vote, as the library does from the same votes', async () => {
    const world = await openWorld(4)
    const keeper = keep(world.store)
    const votes = await vote(world, 200)
    keeper.votesMoved()
    await keeper.whenRated()
    const { payload, version } = await readBoard(world, 'overall')
    const expected = rateBoard(countVotes(votes).votes)
    expect(version).toMatchObject({ votes: 200, raters: 20, models: 4 })
    for (const row of payload.models) {
      const at = expected.fit.pairs.models.indexOf(row.name)
      expect(row.rating).toBeCloseTo(ratingOf(expected.fit.theta[at] ?? 0), 5)
    }
    expect(payload.diagnostics.promptDesignEffect).toBeGreaterThanOrEqual(1)
    expect((await readBoard(world, 'language:en')).version.votes).toBe(200)
    const styled = await readBoard(world, 'overall', true)
    expect(styled.payload.style?.effects.map(({ name }) => name)).toContain('position')
  })

  it('certifies with a date, and follows votes that are set aside', async () => {
    const world = await openWorld(3)
    const keeper = keep(world.store)
    const votes = await vote(world, 400)
    await keeper.whenRated()
    const before = await readBoard(world, 'overall')
    expect(before.payload.certifiedCount).toBeGreaterThan(0)
    const on = { boardId: before.board.id, isStyled: false, number: null }
    const record = await selectCertificates(world.store.db, on)
    expect(record).toContainEqual(
      expect.objectContaining({ better: world.model(0), worse: world.model(2), voidedAt: null }),
    )
    for (const { id } of votes.slice(0, 100))
      await world.store.transaction((trx) =>
        setVoteAside(trx, {
          ...{ id, organisationId: world.organisationId, reason: 'flagged', at: new Date() },
        }),
      )
    keeper.votesMoved()
    await keeper.whenRated()
    const after = await readBoard(world, 'overall')
    expect(after.version.votes).toBe(300)
    const expected = rateBoard(countVotes(votes.slice(100)).votes)
    for (const row of after.payload.models) {
      const at = expected.fit.pairs.models.indexOf(row.name)
      expect(row.rating).toBeCloseTo(ratingOf(expected.fit.theta[at] ?? 0), 5)
    }
  })

  it('finds what was voted while nobody kept the boards, and only that', async () => {
    const world = await openWorld(3)
    const first = keep(world.store)
    await vote(world, 50)
    await first.whenRated()
    await first.close()
    const { version } = await readBoard(world, 'overall')
    const again = keep(world.store)
    await again.whenRated()
    expect((await readBoard(world, 'overall')).version.number).toBe(version.number)
    await again.close()
    await world.cast()
    const last = keep(world.store)
    await last.whenRated()
    expect((await readBoard(world, 'overall')).version).toMatchObject({ votes: 51 })
  })

  it('is one of all processes, and another goes on when it ends', async () => {
    const world = await openWorld(3)
    const first = keep(world.store)
    await vote(world, 20)
    await first.whenRated()
    const second = keep(world.store)
    expect([first.isKeeping, second.isKeeping]).toEqual([true, false])
    await world.cast()
    await first.close()
    await second.whenRated()
    expect(second.isKeeping).toBe(true)
    expect((await readBoard(world, 'overall')).version.votes).toBe(21)
  })

  it('follows votes that commit later than ones that began after them', async () => {
    const world = await openWorld(3)
    const keeper = keep(world.store)
    await vote(world, 20)
    await keeper.whenRated()
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>()
    const { promise: isCast, resolve: cast } = Promise.withResolvers<void>()
    const late = world.store.transaction(async (trx) => {
      await openLate(trx, world)
      cast()
      await mayCommit
    })
    await isCast
    await world.cast({ left: world.model(1), right: world.model(2) })
    await keeper.whenRated()
    expect((await readBoard(world, 'overall')).version.votes).toBe(21)
    commit()
    await late
    await keeper.whenRated()
    expect((await readBoard(world, 'overall')).version.votes).toBe(22)
    expect((await readBoard(world, 'overall')).version.through.extra).toEqual([])
  })
})

async function openLate(trx: Parameters<Parameters<Store['transaction']>[0]>[0], world: VoteWorld) {
  const vote = {
    ...{ id: newId(), organisation_id: world.organisationId, league: 'models', kind: 'votes' },
    ...{ battle_id: newId(), subject_id: newId(), left_id: world.model(0) },
    ...{ right_id: world.model(1), choice: 'a', reasons: [], prompt: null, slices: ['overall'] },
    ...{ style: null, is_shared: true, aside_reason: null, cast_at: new Date().toISOString() },
  }
  await sql`select cast_vote(${JSON.stringify(vote)}::jsonb, 30)`.execute(trx)
}
