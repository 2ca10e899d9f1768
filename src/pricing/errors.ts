import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const pricingErrors = defineErrors({
  pricing_price_invalid: {
    kind: 'invalid',
    title: 'The price cannot be read; the message names the field.',
    isRetryable: false,
  },
  pricing_file_invalid: {
    kind: 'invalid',
    title: 'The file of prices or rates cannot be read; the message names file, line and field.',
    isRetryable: false,
  },
  pricing_rate_invalid: {
    kind: 'invalid',
    title: 'The exchange rate cannot be read; the message names the field.',
    isRetryable: false,
  },
  pricing_listing_unknown: {
    kind: 'not_found',
    title: 'There is no listing of that id; GET /api/prices lists them.',
    isRetryable: false,
  },
})
export const refuse = refusalsOf(pricingErrors)
