export type { Breaker, Ticket } from './breaker.ts'
export { backoffMs, decideNext, mostAttempts } from './decide-next.ts'
export { describeHealth, type HealthWord } from './describe-health.ts'
export { judgeFailure, LONGEST_WAIT_MS } from './judge-failure.ts'
export { type Health, openHealth } from './open-health.ts'
export { REASON_WORDS } from './reason-words.ts'
export {
  type Candidate,
  FAILURE_REASONS,
  type Failure,
  type FailureReason,
  type ListingHealth,
  type Mark,
  type Scope,
  type Standing,
  type Step,
} from './types.ts'
