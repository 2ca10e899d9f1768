export { castVote, setVoteAside } from './cast-vote-service.ts'
export { boardsErrors } from './errors.ts'
export type * from './types.ts'
