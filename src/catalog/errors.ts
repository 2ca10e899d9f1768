import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const catalogErrors = defineErrors({
  catalog_model_unknown: {
    kind: 'not_found',
    title: 'No model of that name: ask for one of the nearest names, or list them at /v1/models.',
    isRetryable: false,
  },
  catalog_model_ambiguous: {
    kind: 'conflict',
    title: 'Several models have that name: ask by `publisher/name`.',
    isRetryable: false,
  },
  catalog_model_off: {
    kind: 'not_found',
    title: 'The model takes no traffic now: an operator can switch one of its listings on.',
    isRetryable: true,
  },
  catalog_name_taken: {
    kind: 'conflict',
    title: 'Another model, provider or alias has that name: choose another.',
    isRetryable: false,
  },
  catalog_file_known: {
    kind: 'conflict',
    title: 'The same weights are in the catalog under another name: use that, or set an alias.',
    isRetryable: false,
  },
  catalog_name_invalid: {
    kind: 'invalid',
    title: 'The name cannot be used: letters, digits and . _ : @ + - are fine.',
    isRetryable: false,
  },
  catalog_provider_unknown: {
    kind: 'not_found',
    title: 'No provider has that id: list them at /api/providers.',
    isRetryable: false,
  },
  catalog_provider_built_in: {
    kind: 'conflict',
    title: 'The engine is a part of Baimo and cannot be added, refreshed or removed.',
    isRetryable: false,
  },
  catalog_provider_itself: {
    kind: 'conflict',
    title: 'The address leads back to this market: give that of another server.',
    isRetryable: false,
  },
  catalog_provider_incomplete: {
    kind: 'invalid',
    title: 'Give a kind of provider, an address, or both.',
    isRetryable: false,
  },
  catalog_key_missing: {
    kind: 'invalid',
    title: 'This kind of provider needs a key: give one.',
    isRetryable: false,
  },
  catalog_key_invalid: {
    kind: 'invalid',
    title: 'The provider’s key is empty or holds characters that no key has.',
    isRetryable: false,
  },
  catalog_model_not_offered: {
    kind: 'invalid',
    title: 'The provider offers no model of that name: choose one that it lists.',
    isRetryable: false,
  },
  catalog_offline: {
    kind: 'unavailable',
    title: 'Baimo runs offline and asks no provider on the network for its models.',
    isRetryable: false,
  },
  catalog_engine_absent: {
    kind: 'unavailable',
    title: 'Model files need the engine, which is not there: `baimo doctor` says why.',
    isRetryable: false,
  },
  catalog_file_path_invalid: {
    kind: 'invalid',
    title: 'Give the absolute path of a GGUF file on the machine that Baimo runs on.',
    isRetryable: false,
  },
  catalog_listing_unknown: {
    kind: 'not_found',
    title: 'No listing has that id: list them at /api/listings.',
    isRetryable: false,
  },
  catalog_listing_vanished: {
    kind: 'conflict',
    title: 'Its provider no longer offers this listing, so it cannot be switched on.',
    isRetryable: false,
  },
  catalog_fact_invalid: {
    kind: 'invalid',
    title: 'A fact has a name of the list, a value that fits it, and a source.',
    isRetryable: false,
  },
  catalog_alias_unknown: {
    kind: 'not_found',
    title: 'There is no alias of that name: list them at /api/aliases.',
    isRetryable: false,
  },
  catalog_proposal_unknown: {
    kind: 'not_found',
    title: 'No proposal has that id: list them at /api/proposals.',
    isRetryable: false,
  },
  catalog_proposal_stale: {
    kind: 'conflict',
    title: 'One of the two models was merged by another decision: take that back first.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(catalogErrors)
