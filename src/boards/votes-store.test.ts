import { sql } from 'kysely'
import { afterEach, expect, it } from 'vitest'
import { openVoteWorld, type VoteWorld } from '../../tests/support/boards.ts'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { newId, type SubjectId } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { setVoteAside } from './cast-vote-service.ts'
import type { Choice, VoteId } from './types.ts'

const open: Store[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

const rater = (): SubjectId => newId<'subject'>() as SubjectId

/** Tables of counts, as they are and as the votes say they must be; rows of nothing left out. */
async function countsOf({ store }: VoteWorld) {
  const kept = await sql<{ row: string }>`
    select row_to_json(r)::text as row from (
      select 'pair' as of, board_id, pair_id::text as a, null as b, first_wins, second_wins, ties,
        both_bad, 0 as over from pair_counts where first_wins + second_wins + ties + both_bad > 0
      union all select 'rater', board_id, pair_id::text, rater_id::text, first_wins, second_wins,
        ties, both_bad, over_first + over_second * 1000 + over_ties * 1000000
        + over_both_bad * 100000000 from rater_counts where first_wins + second_wins + ties
        + both_bad + over_first + over_second + over_ties + over_both_bad > 0
      union all select 'prompt', board_id, pair_id::text, prompt::text, first_wins, second_wins,
        ties, both_bad, 0 from prompt_counts where first_wins + second_wins + ties + both_bad > 0
    ) as r order by 1`.execute(store.db)
  const recounted = await sql<{ row: string }>`
    with said as (
      select v.*, b.board_id, case choice when 'tie' then 2 when 'both_bad' then 3 else
        case when (choice = 'a') = (left_id = p.first_id) then 0 else 1 end end as outcome
      from votes v join pairs p on p.id = v.pair_id, unnest(v.board_ids) as b(board_id)
      where v.state in ('counts', 'over')
    ), named as (
      select 'pair' as of, pair_id::text as a, null as b, * from said
      union all select 'rater', pair_id::text, rater_id::text, * from said
      union all select 'prompt', pair_id::text, prompt::text, * from said where prompt is not null
    )
    select row_to_json(r)::text as row from (
      select of, board_id, a, b,
        count(*) filter (where state = 'counts' and outcome = 0) as first_wins,
        count(*) filter (where state = 'counts' and outcome = 1) as second_wins,
        count(*) filter (where state = 'counts' and outcome = 2) as ties,
        count(*) filter (where state = 'counts' and outcome = 3) as both_bad,
        coalesce(sum(case outcome when 0 then 1 when 1 then 1000 when 2 then 1000000
          else 100000000 end) filter (where state = 'over' and of = 'rater'), 0) as over
      from named where of = 'rater' or state = 'counts'
      group by 1, 2, 3, 4) as r order by 1`.execute(store.db)
  return { kept: kept.rows, recounted: recounted.rows }
}

async function aside(world: VoteWorld, id: VoteId, reason: string | null) {
  const { store, organisationId } = world
  return store.transaction((trx) =>
    setVoteAside(trx, { id, organisationId, reason, at: new Date() }),
  )
}

describeOnEveryServer('votes and counts', (openStore) => {
  async function openWorld(models?: number): Promise<VoteWorld> {
    const store = await openStore()
    open.push(store)
    return openVoteWorld(store, models)
  }

  it('counts a vote on every board of its slices, whichever side a model stood', async () => {
    const world = await openWorld()
    const [one, other] = [world.model(0), world.model(1)]
    await world.cast({ left: one, right: other, choice: 'a' })
    await world.cast({ left: other, right: one, choice: 'b' })
    const { rows } = await sql<{ slice: string; wins: string; other: string }>`
      select slice, first_wins as wins, second_wins as other from pair_counts
      join boards on boards.id = board_id order by slice`.execute(world.store.db)
    expect(rows).toEqual([
      { slice: 'category:code', wins: '2', other: '0' },
      { slice: 'language:en', wins: '2', other: '0' },
      { slice: 'overall', wins: '2', other: '0' },
    ])
  })

  it('refuses the second vote of a person in a battle, and counts nothing of it', async () => {
    const world = await openWorld()
    const vote = { battleId: newId(), raterId: rater() }
    await world.cast(vote)
    await expect(world.cast(vote)).rejects.toMatchObject({ code: 'boards_vote_exists' })
    const { kept, recounted } = await countsOf(world)
    expect(kept).toEqual(recounted)
    expect(kept).toHaveLength(6)
  })

  it('keeps the 31st vote of one rater on one pair, and does not count it', async () => {
    const world = await openWorld()
    const raterId = rater()
    const states = []
    for (let at = 0; at < 32; at += 1) states.push(await world.cast({ raterId }))
    expect(states).toEqual([...Array(30).fill('counts'), 'over', 'over'])
    expect(await world.cast({ raterId, right: world.model(2) })).toBe('counts')
    const { kept, recounted } = await countsOf(world)
    expect(kept).toEqual(recounted)
  })

  it('keeps controls and flagged votes off every board', async () => {
    const world = await openWorld()
    expect(await world.cast({ right: world.model(0) })).toBe('control')
    expect(await world.cast({ asideReason: 'names_itself' })).toBe('aside')
    expect((await countsOf(world)).kept).toEqual([])
  })

  it('leaves the counts of the votes, whatever is cast, set aside and put back', async () => {
    const world = await openWorld(4)
    const random = seededRandom(7)
    const ids: VoteId[] = []
    const raters = [rater(), rater(), rater()] as const
    const prompts = [newId(), newId(), null] as const
    for (let step = 0; step < 300; step += 1) {
      if (ids.length > 0 && random.next() < 0.4) {
        const id = ids[random.below(ids.length)] as VoteId
        await aside(world, id, random.next() < 0.5 ? 'flagged' : null)
        continue
      }
      const id = newId<'vote'>()
      ids.push(id)
      await world.cast({
        id,
        raterId: random.pick(raters),
        left: world.model(random.below(2)),
        right: world.model(random.below(3)),
        choice: random.pick<Choice>(['a', 'b', 'tie', 'both_bad']),
        prompt: random.pick(prompts),
        slices: random.pick([['language:en'], ['language:zh', 'category:maths'], []]),
      })
    }
    const { kept, recounted } = await countsOf(world)
    expect(kept.length).toBeGreaterThan(20)
    expect(kept).toEqual(recounted)
    const moved = await sql<{ off: string }>`
      select count(*) as off from (select pair_id, sum(sign) as votes from vote_moves
        where not is_over group by pair_id) as m
      join pair_counts c on c.pair_id = m.pair_id
      join boards b on b.id = c.board_id and b.slice = 'overall'
      where m.votes <> c.first_wins + c.second_wins + c.ties + c.both_bad`.execute(world.store.db)
    expect(moved.rows).toEqual([{ off: '0' }])
  }, 60_000)

  it('takes 1,000 votes at once without a deadlock, moves among them', async () => {
    const world = await openWorld(3)
    const raters = Array.from({ length: 40 }, rater)
    const ids = Array.from({ length: 1_000 }, () => newId<'vote'>())
    const slices = [
      ['turns:single', 'language:en', 'category:code'],
      ['category:code', 'length:short', 'language:zh'],
      ['language:en'],
    ]
    const prompts = [newId(), newId()]
    const results = await Promise.allSettled(
      ids.map(async (id, at) => {
        await world.cast({
          id,
          raterId: raters[(at * 7) % 40] as SubjectId,
          left: world.model(at % 2),
          right: world.model(1 + (at % 2)),
          slices: slices[at % 3] ?? [],
          prompt: prompts[at % 2] ?? null,
        })
        if (at % 4 === 0) await aside(world, id, 'flagged')
        if (at % 8 === 0) await aside(world, id, null)
      }),
    )
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
    const { kept, recounted } = await countsOf(world)
    expect(kept).toEqual(recounted)
  }, 60_000)

  it('takes 1,000 votes at once of one person on one battle as one', async () => {
    const world = await openWorld(2)
    const vote = { battleId: newId(), raterId: rater() }
    const results = await Promise.allSettled(Array.from({ length: 1_000 }, () => world.cast(vote)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const { kept, recounted } = await countsOf(world)
    expect(kept).toEqual(recounted)
  }, 60_000)

  it('knows no vote of another organisation', async () => {
    const world = await openWorld()
    const id = newId<'vote'>()
    await world.cast({ id })
    const stranger = { ...world, organisationId: newId<'organisation'>() }
    await expect(aside(stranger, id, 'flagged')).rejects.toMatchObject({
      code: 'boards_vote_unknown',
    })
  })
})
