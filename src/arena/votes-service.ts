import {
  type BoardLeague,
  type ListedVote,
  selectRatedVotes,
  selectVotes,
  setVoteAside,
  type VoteId,
  type VoteState,
} from '../boards/index.ts'
import { isUuid, newId, type OrganisationId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { ArenaMeans } from './arena-means.ts'
import { refuse } from './errors.ts'
import { findOutliers } from './find-outliers.ts'
import { insertDecision, selectDecided } from './store-decisions.ts'

/** Why the votes of somebody who votes against everybody are set aside. */
export const OUTLIER = 'outlier_rater'
/** Votes that are looked at for outliers. */
const MOST_VOTES = 20_000
/** Votes that come one after the other are looked at once. */
const LOOK_AFTER_MS = 1_000

export interface VotesPage {
  /** Null: all of them. */
  readonly isAside: boolean | null
  readonly cursor: string | null
  readonly limit: number
}

/** Votes, for those who look after them; none is ever deleted. */
export interface Votes {
  list(caller: Principal, page: VotesPage): Promise<ListedVote[]>
  /** Sets a vote aside, or puts it back; counts follow. No check of ours overrules it. */
  decide(
    caller: Principal,
    id: string,
    wish: { readonly decision: 'restore' | 'set_aside'; readonly reason: string },
  ): Promise<VoteState>
  /** Whether votes of this person are set aside, as they go against everybody's. */
  isOutlier(organisationId: OrganisationId, raterId: string): Promise<boolean>
  /** A vote was cast: outliers are looked for soon. */
  cast(organisationId: OrganisationId, league: BoardLeague): void
  close(): Promise<void>
}

export function openVotes(means: ArenaMeans): Votes {
  const { store, clock, log } = means
  const timers = new Map<string, NodeJS.Timeout>()
  const looking = new Set<Promise<void>>()

  return {
    list(caller, { isAside, cursor, limit }) {
      const { organisationId } = caller
      const beforeId = cursor !== null && isUuid(cursor) ? cursor : null
      return selectVotes(store.db, { organisationId, isAside, raterId: null, beforeId, limit })
    },
    async decide(caller, id, { decision, reason }) {
      if (!isUuid(id)) throw refuse('arena_vote_unknown', 'Your organisation has no such vote.')
      const { organisationId, subjectId } = caller
      const at = new Date(clock.nowMs())
      const state = await store.transaction(async (trx) => {
        const aside = decision === 'restore' ? null : reason
        const change = { id: id as VoteId, organisationId, reason: aside, at }
        const moved = await setVoteAside(trx, change)
        const made = { id: newId(), voteId: id, decision, reason }
        await insertDecision(trx, { ...made, decidedBy: subjectId, decidedAt: at })
        return moved
      })
      means.votesMoved()
      return state
    },
    async isOutlier(organisationId, raterId) {
      const where = { organisationId, raterId, isAside: true, beforeId: null, limit: 100 }
      const aside = await selectVotes(store.db, where)
      return aside.some(({ asideReason }) => asideReason === OUTLIER)
    },
    cast(organisationId, league) {
      const key = `${organisationId} ${league}`
      if (timers.has(key)) return
      const look = (): void => {
        timers.delete(key)
        const run = lookFor(means, organisationId, league).catch((error: unknown) => {
          log.error({ reason: String(error) }, 'outliers were not looked for')
        })
        looking.add(run)
        void run.finally(() => looking.delete(run))
      }
      timers.set(key, setTimeout(look, LOOK_AFTER_MS).unref())
    },
    async close() {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
      await Promise.all(looking)
    },
  }
}

/** Sets aside the votes of outliers that nobody has decided about. */
async function lookFor(
  means: ArenaMeans,
  organisationId: OrganisationId,
  league: BoardLeague,
): Promise<void> {
  const { store, clock, log } = means
  const where = { organisationId, league, withReason: OUTLIER, most: MOST_VOTES }
  const votes = await selectRatedVotes(store.db, where)
  const outliers = findOutliers(votes)
  const found = votes.filter(({ raterId, state }) => outliers.has(raterId) && state !== 'aside')
  if (found.length === 0) return
  const decided = await selectDecided(
    store.db,
    found.map(({ id }) => id),
  )
  const at = new Date(clock.nowMs())
  for (const { id } of found)
    if (!decided.has(id))
      await store.transaction((trx) =>
        setVoteAside(trx, { id, organisationId, reason: OUTLIER, at }),
      )
  log.warn({ raters: outliers.size, votes: found.length }, 'votes of outliers were set aside')
  means.votesMoved()
}
