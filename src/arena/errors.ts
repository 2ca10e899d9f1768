import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const arenaErrors = defineErrors({
  arena_battle_unknown: {
    kind: 'not_found',
    title: 'The caller has no battle of that id.',
    isRetryable: false,
  },
  arena_models_too_few: {
    kind: 'conflict',
    title: 'Fewer than two models may be drawn for the caller. Switch more listings on.',
    isRetryable: false,
  },
  arena_model_unknown: {
    kind: 'invalid',
    title: 'A model that was named is not there for the caller. See GET /v1/models.',
    isRetryable: false,
  },
  arena_vote_unknown: {
    kind: 'not_found',
    title: 'The caller’s organisation has no vote of that id.',
    isRetryable: false,
  },
  arena_vote_exists: {
    kind: 'conflict',
    title: 'The battle is revealed: its vote was cast, and is frozen.',
    isRetryable: false,
  },
  arena_battle_voided: {
    kind: 'conflict',
    title: 'The battle is void: no pair answered. Begin another one.',
    isRetryable: false,
  },
  arena_battle_not_open: {
    kind: 'conflict',
    title: 'A vote opens once both sides have begun to answer. Try again in a moment.',
    isRetryable: true,
  },
  arena_battle_expired: {
    kind: 'conflict',
    title: 'A battle can be voted on for 24 hours. Begin another one.',
    isRetryable: false,
  },
  arena_turn_running: {
    kind: 'conflict',
    title: 'The answers to the last message are still coming. Try again when they ended.',
    isRetryable: true,
  },
  arena_turns_too_many: {
    kind: 'conflict',
    title: 'A battle has at most 20 turns. Vote, or begin another one.',
    isRetryable: false,
  },
  arena_vote_personal: {
    kind: 'forbidden',
    title: 'Votes are people’s: use a session or a personal key, not a team’s.',
    isRetryable: false,
  },
  arena_votes_too_many: {
    kind: 'exhausted',
    title: 'The caller has voted as often as the owner lets one person. Try again later.',
    isRetryable: true,
  },
  arena_cap_reached: {
    kind: 'exhausted',
    title: 'The battles of today have reached what the owner set. Try again tomorrow.',
    isRetryable: true,
  },
  arena_answers_failed: {
    kind: 'upstream',
    title: 'No pair of models answered, in three draws. Try again later.',
    isRetryable: true,
  },
  arena_leagues_differ: {
    kind: 'invalid',
    title: 'The two models are of different leagues: like is compared with like.',
    isRetryable: false,
  },
  arena_judge_unknown: {
    kind: 'invalid',
    title: 'The judge is neither `exact` with what is expected nor a model’s name.',
    isRetryable: false,
  },
  arena_process_lost: {
    kind: 'unavailable',
    title: 'The process that ran the battle ended. Begin another one.',
    isRetryable: true,
  },
})

export const refuse = refusalsOf(arenaErrors)
