import { refuse } from './errors.ts'

const DAY_MS = 86_400_000
const USUAL_DAYS = 31
const MOST_DAYS = 366

/** A time to sum over. */
export interface Span {
  readonly since: Date
  readonly until: Date
}

/**
 * What is summed up: 31 days to the end, which is now, where nobody says since when. Refuses with
 * `metering_span_too_long` what is more than 366 days: any key may ask.
 */
export function boundSpan(
  asked: { readonly since: Date | null; readonly until: Date | null },
  nowMs: number,
): Span {
  const untilMs = asked.until?.getTime() ?? nowMs
  const sinceMs = asked.since?.getTime() ?? untilMs - USUAL_DAYS * DAY_MS
  if (untilMs - sinceMs > MOST_DAYS * DAY_MS)
    throw refuse('metering_span_too_long', 'Sum up 366 days at most: send since and until.', {
      param: 'since',
    })
  return { since: new Date(sinceMs), until: new Date(untilMs) }
}
