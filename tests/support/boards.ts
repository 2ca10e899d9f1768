import { sql } from 'kysely'
import { castVote, type NewVote, type VoteState } from '../../src/boards/index.ts'
import { type ModelId, newId, type OrganisationId, type SubjectId } from '../../src/kernel/index.ts'
import type { Store } from '../../src/store/index.ts'

/** A database with an organisation and models, to cast votes into. */
export interface VoteWorld {
  readonly store: Store
  readonly organisationId: OrganisationId
  readonly models: readonly ModelId[]
  /** Casts in a transaction of its own; what is not said is a vote for `a` of somebody new. */
  cast(vote?: Partial<NewVote>): Promise<VoteState>
  model(at: number): ModelId
}

export async function openVoteWorld(store: Store, models = 6): Promise<VoteWorld> {
  const organisationId = newId<'organisation'>()
  await sql`insert into organisations (id, name, slug, created_at)
    values (${organisationId}, 'test', ${organisationId}, now())`.execute(store.db)
  // Ids of one millisecond have no order of their own, and the first of a pair is the lesser.
  const ids = Array.from({ length: models }, () => newId<'model'>()).sort()
  for (const [at, id] of ids.entries())
    await sql`insert into models (id, publisher, name, league, created_at)
      values (${id}, ${`maker-${organisationId.slice(-6)}`}, ${`m${String(at).padStart(3, '0')}`},
        'models', now())`.execute(store.db)
  const model = (at: number): ModelId => ids[at] ?? (ids[0] as ModelId)
  return {
    store,
    organisationId,
    models: ids,
    model,
    cast: (vote = {}) =>
      store.transaction((trx) =>
        castVote(trx, {
          id: newId(),
          organisationId,
          league: 'models',
          kind: 'votes',
          battleId: newId(),
          raterId: newId<'subject'>() as SubjectId,
          left: model(0),
          right: model(1),
          choice: 'a',
          prompt: null,
          slices: ['language:en', 'category:code'],
          style: null,
          isShared: true,
          asideReason: null,
          castAt: new Date(),
          ...vote,
        }),
      ),
  }
}
