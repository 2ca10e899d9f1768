import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const gatewayErrors = defineErrors({
  gateway_body_invalid: {
    kind: 'invalid',
    title:
      'The request body is not what the endpoint takes; the message names the member at fault.',
    isRetryable: false,
  },
  gateway_body_too_large: {
    kind: 'too_large',
    title: 'The request body is larger than 32 MiB after decompression.',
    isRetryable: false,
  },
  gateway_bodies_too_many: {
    kind: 'unavailable',
    title: 'The bodies of running requests fill the memory kept for them; try again later.',
    isRetryable: true,
  },
  gateway_answers_too_many: {
    kind: 'unavailable',
    title: 'Answers that are under way fill the memory kept for them; try again later.',
    isRetryable: true,
  },
  gateway_body_stalled: {
    kind: 'invalid',
    title: 'The request body stopped arriving; send it again.',
    isRetryable: true,
  },
  gateway_media_type_unsupported: {
    kind: 'unsupported_media',
    title:
      'Send JSON with `content-type: application/json`, plain or as gzip, deflate, br or zstd.',
    isRetryable: false,
  },
  gateway_model_unknown: {
    kind: 'not_found',
    title: 'No model of that name is open to this key; the message names the nearest ones.',
    isRetryable: false,
  },
  gateway_model_ambiguous: {
    kind: 'invalid',
    title: 'A bare name fits several models; write the publisher before it.',
    isRetryable: false,
  },
  gateway_model_not_live: {
    kind: 'not_found',
    title: 'The model is in the catalog, but no listing of it is switched on.',
    isRetryable: false,
  },
  gateway_operation_unsupported: {
    kind: 'invalid',
    title: 'The model is not offered for this endpoint.',
    isRetryable: false,
  },
  gateway_parameter_unsupported: {
    kind: 'invalid',
    title: 'The provider of the model is known to reject this parameter; leave it out.',
    isRetryable: false,
  },
  gateway_loop: {
    kind: 'invalid',
    title: 'The request has been through this market before: a listing leads back to it.',
    isRetryable: false,
  },
  gateway_stopping: {
    kind: 'unavailable',
    title: 'The market stopped before the answer was whole; ask again in a moment.',
    isRetryable: true,
  },
  gateway_listing_resting: {
    kind: 'unavailable',
    title: 'What serves the model failed again and again and is left alone for a while.',
    isRetryable: true,
  },
  gateway_upstream_timeout: {
    kind: 'upstream_timeout',
    title: 'The provider began no answer in time, or fell silent in the middle of it.',
    isRetryable: true,
  },
  gateway_upstream_failed: {
    kind: 'upstream',
    title: 'The provider failed or sent something that is no answer.',
    isRetryable: true,
  },
  gateway_upstream_busy: {
    kind: 'exhausted',
    title: 'The provider takes no more requests for now; retry later.',
    isRetryable: true,
  },
  gateway_upstream_refused_us: {
    kind: 'upstream',
    title: "The provider refused the market's own key for it; the operator must mend that.",
    isRetryable: false,
  },
  gateway_upstream_ended_early: {
    kind: 'upstream',
    title: 'The provider ended its answer in the middle; what arrived before stands.',
    isRetryable: true,
  },
})

export const refuse = refusalsOf(gatewayErrors)
