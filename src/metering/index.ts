export { meteringErrors } from './errors.ts'
export { firstIdOf } from './first-id-of.ts'
export {
  type Counter,
  createMetrics,
  type Histogram,
  type Labelled,
  METRICS_TYPE,
  type Metrics,
} from './metrics.ts'
export { meteringRoutes, type UsageAnswer, type UsageTotalsAnswer } from './routes.ts'
export { type Metering, openMetering } from './service.ts'
export { revealUsage } from './store.ts'
export { type ModelUse, selectModelUse } from './store-model-use.ts'
export type {
  Operation,
  Outcome,
  Purpose,
  TokenBuckets,
  Usage,
  UsageSource,
} from './types.ts'
