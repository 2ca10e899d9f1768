export { castVote, setVoteAside } from './cast-vote-service.ts'
export { boardsErrors } from './errors.ts'
export { CATEGORIES, type Category, findCategory } from './find-category.ts'
export { findLanguage, type Language } from './find-language.ts'
export { type Asked, promptKeyOf, slicesOf, styleOf } from './find-slices.ts'
export { unpackClaims } from './pack-claims.ts'
export { readPairVotes } from './pair-votes-service.ts'
export { boardsRoutes } from './routes.ts'
export {
  type BoardEvidence,
  type Boards,
  type BoardsOptions,
  type CurrentBoard,
  openBoards,
} from './service.ts'
export type { BoardAnswer, ListedBoardAnswer } from './shape-board.ts'
export { type ListedVote, selectRatedVotes, selectVotes } from './store-list.ts'
export type * from './types.ts'
export type * from './types-versions.ts'
export type { BoardModel } from './view-board.ts'
