import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openVoteWorld } from '../../tests/support/boards.ts'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { memberPrincipal } from '../../tests/support/gateway.ts'
import { newId, silentLog, systemClock } from '../kernel/index.ts'
import type { ArenaMeans } from './arena-means.ts'
import { insertBattle } from './store.ts'
import {
  forgetExpired,
  insertAnswer,
  insertEvents,
  insertTurn,
  selectTurns,
} from './store-texts.ts'
import type { Battle } from './types.ts'
import { OUTLIER, openVotes } from './votes-service.ts'

describeOnEveryServer('the arena’s store', (openStoreHere) => {
  async function openWorld() {
    const store = await openStoreHere()
    onTestFinished(() => store.close())
    return openVoteWorld(store)
  }

  test('who votes against everybody is set aside, whatever was restored stays', async () => {
    const world = await openWorld()
    let moved = 0
    const means = {
      ...{ store: world.store, clock: systemClock, log: silentLog },
      votesMoved: () => {
        moved += 1
      },
    } as unknown as ArenaMeans
    const votes = openVotes(means)
    const contrary = newId<'subject'>()
    for (let at = 0; at < 8; at += 1) {
      const raterId = newId<'subject'>()
      for (let vote = 0; vote < 9; vote += 1) await world.cast({ raterId, choice: 'a' })
      await world.cast({ raterId, choice: 'b' })
    }
    for (let vote = 0; vote < 12; vote += 1) await world.cast({ raterId: contrary, choice: 'b' })
    const { organisationId } = world
    const admin = memberPrincipal({ organisationId, role: 'admin' })
    const page = { isAside: true, cursor: null, limit: 100 }
    votes.cast(organisationId, 'models')
    await expect.poll(async () => (await votes.list(admin, page)).length).toBe(12)
    const aside = await votes.list(admin, page)
    expect(new Set(aside.map(({ raterId }) => raterId))).toEqual(new Set([contrary]))
    expect(aside[0]?.asideReason).toBe(OUTLIER)
    expect(await votes.isOutlier(organisationId, contrary)).toBe(true)
    const [first] = aside
    const restore = { decision: 'restore', reason: 'they meant it' } as const
    expect(await votes.decide(admin, first?.id ?? '', restore)).toBe('counts')
    votes.cast(organisationId, 'models')
    await expect.poll(() => moved).toBeGreaterThan(1)
    await votes.close()
    expect(await votes.list(admin, page)).toHaveLength(11)
    await expect(votes.decide(admin, 'no-id', restore)).rejects.toThrow('no such vote')
    const other = memberPrincipal({ role: 'admin' })
    await expect(votes.decide(other, first?.id ?? '', restore)).rejects.toThrow()
  })

  test('texts of battles that nobody voted in are forgotten in time, unless they may be kept', async () => {
    const { store, organisationId } = await openWorld()
    const old = new Date('2026-01-01T00:00:00Z')
    const make = async (prompt: boolean): Promise<Battle['id']> => {
      const id = newId<'battle'>()
      await insertBattle(store.db, {
        ...{ id, organisationId, subjectId: newId<'subject'>(), league: 'models', kind: 'battle' },
        ...{ state: 'open', models: null, drawProbability: null, draws: 1, maxTokens: null },
        consent: { prompt, answers: false, votes: false },
        ...{ turn: 1, runningUntil: null, createdAt: old, openedAt: old, votedAt: null },
        ...{ voidedAt: null, voidCode: null, vote: null },
      })
      const messages = [{ role: 'user' as const, content: 'secret' }]
      await insertTurn(store.db, id, { turn: 1, messages, askedAt: old })
      await insertAnswer(store.db, id, {
        ...{ turn: 1, side: 'a', usageId: newId<'request'>(), variantId: null, listingId: null },
        ...{ outcome: 'answered', finishReason: 'stop', text: 'secret', characters: 6 },
      })
      const data = { turn: 1, a: 'secret', b: '' }
      await insertEvents(store.db, id, [{ seq: 1, name: 'text', data, shown: [6, 0] }], old)
      return id
    }
    const [plain, kept] = [await make(false), await make(true)]
    await forgetExpired(store.db, new Date('2026-01-02T00:00:00Z'))
    expect((await selectTurns(store.db, plain))[0]?.messages).toBe(null)
    expect((await selectTurns(store.db, kept))[0]?.messages).toHaveLength(1)
    const { rows } = await sql<{ text: string | null }>`
      select text from battle_answers where battle_id in (${plain}, ${kept})
      union all select name from battle_events where battle_id in (${plain}, ${kept})`.execute(
      store.db,
    )
    expect(rows).toEqual([{ text: null }, { text: null }])
  })
})
