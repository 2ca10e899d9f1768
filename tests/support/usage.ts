import { newId } from '../../src/kernel/index.ts'
import type { Usage } from '../../src/metering/index.ts'
import type { Principal } from '../../src/people/index.ts'

/** A record of a request that was answered. */
export function usageOf(caller: Principal, overrides: Partial<Usage> = {}): Usage {
  return {
    id: newId<'request'>(),
    organisationId: caller.organisationId,
    subjectId: caller.subjectId,
    keyId: caller.keyId,
    modelId: newId<'model'>(),
    variantId: newId<'variant'>(),
    listingId: newId<'listing'>(),
    purpose: 'use',
    operation: 'chat',
    isStream: true,
    tokens: { input: 11, cachedInput: 5, cacheWrite: 2, output: 7, reasoning: 3 },
    source: 'reported',
    outcome: 'answered',
    upstreamStatus: 200,
    upstreamId: 'chatcmpl-1',
    startedAtMs: Date.UTC(2026, 10, 25, 12, 0, 0, 123),
    firstByteMs: 12.5,
    totalMs: 250.25,
    ...overrides,
  }
}
