export type { Breaker, Ticket } from './breaker.ts'
export { backoffMs, decideNext, mostAttempts } from './decide-next.ts'
export { describeHealth, type HealthWord } from './describe-health.ts'
export { routingErrors } from './errors.ts'
export { judgeFailure, LONGEST_WAIT_MS } from './judge-failure.ts'
export type { KeptRules } from './keep-rules.ts'
export { livesOfModels } from './lives-of-models.ts'
export { type Health, openHealth } from './open-health.ts'
export { REASON_WORDS } from './reason-words.ts'
export type { PastBattle } from './replay-policy.ts'
export { type ReplayAnswer, type ReplayParts, replayRoute } from './replay-routes.ts'
export { openRetirements, type Retirements } from './retirement-service.ts'
export type {
  PolicyAnswer,
  RetirementAnswer,
  RetirementProposalAnswer,
  RetirementRulesAnswer,
  RouteSettingsAnswer,
  SurvivalAnswer,
} from './route-schemas.ts'
export { type RoutingRouteParts, routingRoutes } from './routes.ts'
export { openRules } from './rules-service.ts'
export { type OpenRouting, openRouting, type RoutingOptions } from './service.ts'
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
export type * from './types-asking.ts'
export * from './types-choice.ts'
export type * from './types-retirement.ts'
