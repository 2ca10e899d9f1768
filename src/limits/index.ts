export type { Holder, LimitHold, Limits, TakeLimits } from './types.ts'
