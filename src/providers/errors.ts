import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const providerErrors = defineErrors({
  providers_unreachable: {
    kind: 'upstream',
    title: 'No connection to the provider: check that it runs and that its address is right.',
    isRetryable: true,
  },
  providers_connection_lost: {
    kind: 'upstream',
    title: 'The provider closed the connection before its answer was complete.',
    isRetryable: true,
  },
  providers_bad_response: {
    kind: 'upstream',
    title: 'What the provider answered is not valid HTTP or not what was asked for.',
    isRetryable: false,
  },
  providers_redirected: {
    kind: 'upstream',
    title: 'The provider redirects; redirects are not followed: use the final address.',
    isRetryable: false,
  },
  providers_timeout: {
    kind: 'upstream_timeout',
    title: 'The provider did not answer in time.',
    isRetryable: true,
  },
  providers_saturated: {
    kind: 'unavailable',
    title: 'All connections to the provider are busy: try again later.',
    isRetryable: true,
  },
  providers_aborted: {
    kind: 'upstream',
    title: 'The request was given up before the provider had answered.',
    isRetryable: true,
  },
  providers_closed: {
    kind: 'unavailable',
    title: 'The market is closing and sends nothing more to providers.',
    isRetryable: true,
  },
  providers_key_refused: {
    kind: 'upstream',
    title: 'The provider refuses its key: add the provider again with a good one.',
    isRetryable: false,
  },
  providers_url_invalid: {
    kind: 'invalid',
    title: 'The address of a provider cannot be used: give an http or https address.',
    isRetryable: false,
  },
  providers_address_forbidden: {
    kind: 'invalid',
    title: 'Link-local and cloud metadata addresses are never contacted.',
    isRetryable: false,
  },
})

export const refuseProvider = refusalsOf(providerErrors)
