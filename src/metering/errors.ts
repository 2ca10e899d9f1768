import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const meteringErrors = defineErrors({
  metering_unavailable: {
    kind: 'unavailable',
    title: 'Usage could not be recorded, so the answer was withheld; try again in a moment.',
    isRetryable: true,
  },
  metering_record_refused: {
    kind: 'internal',
    title: 'The database refused the usage record, so the answer was withheld; tell the operator.',
    isRetryable: false,
  },
  metering_usage_unknown: {
    kind: 'not_found',
    title: 'No usage of that request id is open to you.',
    isRetryable: false,
  },
  metering_span_too_long: {
    kind: 'invalid',
    title: 'Totals are of 366 days at most; send since and until.',
    isRetryable: false,
  },
  metering_cursor_invalid: {
    kind: 'invalid',
    title: 'The cursor is not one this list gave; start without it.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(meteringErrors)
