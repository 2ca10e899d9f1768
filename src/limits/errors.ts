import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const limitsErrors = defineErrors({
  limits_exceeded: {
    kind: 'exhausted',
    title: 'A limit per minute is used up. The message says whose, and `Retry-After` when to ask.',
    isRetryable: true,
  },
  limits_concurrency_exceeded: {
    kind: 'exhausted',
    title: 'As many requests run as may run at the same time. Ask when one of them has ended.',
    isRetryable: true,
  },
  limits_request_too_large: {
    kind: 'exhausted',
    title: 'The request alone needs more tokens than the limit allows in a whole minute. Ask less.',
    isRetryable: false,
  },
  limits_unavailable: {
    kind: 'unavailable',
    title: 'The caller’s limits cannot be looked up, so nothing was asked. Try again in a moment.',
    isRetryable: true,
  },
  limits_holder_unknown: {
    kind: 'not_found',
    title: 'The caller’s organisation has no such key, person or team.',
    isRetryable: false,
  },
  limits_not_found: {
    kind: 'not_found',
    title: 'No limit is set there that is open to the caller.',
    isRetryable: false,
  },
  limits_role_too_weak: {
    kind: 'forbidden',
    title: 'The key or person has a stronger role than the caller. Ask an owner.',
    isRetryable: false,
  },
  limits_owner_only: {
    kind: 'forbidden',
    title: 'Only owners of the house set what an organisation may use.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(limitsErrors)
