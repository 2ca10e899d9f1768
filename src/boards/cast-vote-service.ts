import type { Kysely } from 'kysely'
import type { OrganisationId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { insertVote, updateAside } from './store-votes.ts'
import { type NewVote, VOTES_PER_RATER_AND_PAIR, type VoteId, type VoteState } from './types.ts'

/**
 * Writes a vote and the counts of every board it belongs to, in the caller's transaction, which
 * must hold one vote only: two would lock counts in an order of their own. Whether it counts is the
 * answer. Refuses a second vote of a rater in a battle with `boards_vote_exists`. The caller tells
 * `Boards.votesMoved()` once the transaction is committed.
 */
export async function castVote(transaction: Kysely<unknown>, vote: NewVote): Promise<VoteState> {
  const state = await insertVote(transaction, { ...vote, cap: VOTES_PER_RATER_AND_PAIR })
  if (state !== null) return state
  throw refuse('boards_vote_exists', 'You have voted in this battle. A vote is cast once.')
}

/**
 * Sets a vote aside for a reason, or puts it back (`reason` null); the counts follow in the same
 * transaction, which moves one vote only. What is put back counts unless this rater has 30 others
 * on the pair by now. Doing it twice changes nothing. Refuses with `boards_vote_unknown`.
 */
export async function setVoteAside(
  transaction: Kysely<unknown>,
  change: {
    readonly id: VoteId
    readonly organisationId: OrganisationId
    readonly reason: string | null
    readonly at: Date
  },
): Promise<VoteState> {
  const state = await updateAside(transaction, { ...change, cap: VOTES_PER_RATER_AND_PAIR })
  if (state !== null) return state
  throw refuse('boards_vote_unknown', 'Your organisation has no vote of that id.')
}
