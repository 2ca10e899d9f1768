import { refuse } from './errors.ts'
import type { ArenaSettings, Battle } from './types.ts'

/** Nobody votes in a battle later than this after it began. */
export const VOTABLE_MS = 24 * 60 * 60 * 1_000
export const MOST_TURNS = 20

/** Why no vote may be cast in a battle now; null: one may. */
export function refuseVote(battle: Battle, nowMs: number): Error | null {
  if (battle.state === 'voted')
    return refuse('arena_vote_exists', 'This battle is revealed. Its vote is frozen.')
  if (battle.state === 'voided')
    return refuse('arena_battle_voided', 'This battle is void. Begin another one.')
  if (hasExpired(battle, nowMs))
    return refuse('arena_battle_expired', 'This battle is older than 24 hours. Begin another one.')
  if (battle.state === 'answering')
    return refuse('arena_battle_not_open', 'Both sides must have begun. Try again in a moment.', {
      retryAfterSeconds: 1,
    })
  return null
}

/** Why no further turn may begin now; null: one may. */
export function refuseTurn(battle: Battle, nowMs: number): Error | null {
  if (battle.state !== 'open') return refuseVote(battle, nowMs)
  if (hasExpired(battle, nowMs)) return refuseVote(battle, nowMs)
  if (battle.runningUntil !== null)
    return refuse('arena_turn_running', 'Wait until both answers have ended.', {
      retryAfterSeconds: 1,
    })
  if (battle.turn >= MOST_TURNS)
    return refuse('arena_turns_too_many', `A battle has at most ${MOST_TURNS} turns. Vote now.`)
  return null
}

/** Why a person may not vote just now; null: they may. */
export function refuseRate(
  votes: { readonly minute: number; readonly day: number },
  { votesPerMinute, votesPerDay }: ArenaSettings,
): Error | null {
  if (votes.day >= votesPerDay)
    return refuse('arena_votes_too_many', `A person has ${votesPerDay} votes a day.`, {
      retryAfterSeconds: 3_600,
    })
  if (votes.minute >= votesPerMinute)
    return refuse('arena_votes_too_many', `A person has ${votesPerMinute} votes a minute.`, {
      retryAfterSeconds: 60,
    })
  return null
}

export function hasExpired(battle: Battle, nowMs: number): boolean {
  return nowMs - battle.createdAt.getTime() > VOTABLE_MS
}

/** Whether the process that ran it is gone: nobody said for long that it runs. */
export function isLost({ runningUntil, state }: Battle, nowMs: number): boolean {
  const isRunning = state === 'answering' || state === 'open'
  return isRunning && runningUntil !== null && runningUntil.getTime() < nowMs
}
