import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const routingErrors = defineErrors({
  routing_none_live: {
    kind: 'unavailable',
    title:
      'No model that the key may use and that can do this takes traffic. Switch one on, or name one.',
    isRetryable: true,
  },
  routing_none_fits: {
    kind: 'forbidden',
    title:
      'Models take traffic, but none is within the policies and limits. The message says which.',
    isRetryable: false,
  },
  routing_model_gone: {
    kind: 'not_found',
    title: 'The model has left the market. The message names its successor, if there is one.',
    isRetryable: false,
  },
  routing_model_unknown: {
    kind: 'not_found',
    title: 'The catalog has no model of that name.',
    isRetryable: false,
  },
  routing_retired_already: {
    kind: 'conflict',
    title: 'The model is retired already. Restore it first to retire it anew.',
    isRetryable: false,
  },
  routing_not_retired: {
    kind: 'conflict',
    title: 'The model is not retired, so there is nothing to restore.',
    isRetryable: false,
  },
  routing_successor_invalid: {
    kind: 'invalid',
    title: 'A successor is another model of the catalog that is not retired itself.',
    isRetryable: false,
  },
  routing_team_unknown: {
    kind: 'not_found',
    title: 'The caller’s organisation has no such team.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(routingErrors)
