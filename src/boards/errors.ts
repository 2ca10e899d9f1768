import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const boardsErrors = defineErrors({
  boards_vote_exists: {
    kind: 'conflict',
    title: 'This person has voted in this battle already. A vote is cast once.',
    isRetryable: false,
  },
  boards_vote_unknown: {
    kind: 'not_found',
    title: 'The caller’s organisation has no vote of that id.',
    isRetryable: false,
  },
  boards_board_unknown: {
    kind: 'not_found',
    title: 'There is no such board, or it is not open to the caller. See GET /api/boards.',
    isRetryable: false,
  },
  boards_version_unknown: {
    kind: 'not_found',
    title: 'The board has no such version, or it left: only some of the old ones stay.',
    isRetryable: false,
  },
  boards_not_rated_yet: {
    kind: 'unavailable',
    title: 'The board has votes and no ratings yet. Ask again in a moment.',
    isRetryable: true,
  },
  boards_raters_not_shared: {
    kind: 'forbidden',
    title: 'Not everybody who voted on the board agreed that counts by rater are given away.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(boardsErrors)
