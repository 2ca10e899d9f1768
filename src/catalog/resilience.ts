import type { Resilience } from './types.ts'

/** What counts where the owner set nothing. */
export const DEFAULT_RESILIENCE: Resilience = {
  connectTimeoutMs: 5_000,
  firstByteTimeoutMs: 600_000,
  idleTimeoutMs: 300_000,
  retries: 2,
  fallsBack: true,
  hasBreaker: true,
  keepAliveMs: 15_000,
}
