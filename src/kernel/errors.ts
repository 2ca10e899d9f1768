/** What went wrong, as a class of refusal. HTTP statuses follow from it in one table in `http/`. */
export type ErrorKind =
  | 'invalid'
  | 'too_large'
  | 'unsupported_media'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'exhausted'
  | 'upstream'
  | 'upstream_timeout'
  | 'unavailable'
  | 'internal'

/** One row of the error catalogue. */
export interface ErrorRow {
  readonly kind: ErrorKind
  /** What it means and what to do next, for docs/api/errors.md. One sentence. */
  readonly title: string
  /** Whether the same request may succeed later without a change. */
  readonly isRetryable: boolean
}

export interface RefusalOptions {
  readonly cause?: unknown
  /** Name of the request parameter at fault; absent when no single one is. */
  readonly param?: string
  /** Seconds after which a retry makes sense; absent when no time is known. */
  readonly retryAfterSeconds?: number
  /** Facts for programs, safe to show to the caller: no secrets, no bodies. */
  readonly details?: Readonly<Record<string, unknown>>
  /** Headers of the answer besides, such as what is left of a limit; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A refusal by the world or the user, with a stable code of the catalogue.
 * Bugs are assertions (see assert.ts), decisions are tagged results: neither is a Refusal.
 */
export class Refusal extends Error {
  readonly code: string
  readonly kind: ErrorKind
  readonly isRetryable: boolean
  readonly param: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>> | undefined

  constructor(code: string, row: ErrorRow, message: string, options: RefusalOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Refusal'
    this.code = code
    this.kind = row.kind
    this.isRetryable = row.isRetryable
    this.param = options.param
    this.retryAfterSeconds = options.retryAfterSeconds
    this.details = options.details
    this.headers = options.headers
  }
}

/** A domain's rows of the catalogue, typed by their codes. Codes begin with the domain's name. */
export function defineErrors<const Rows extends Record<string, ErrorRow>>(rows: Rows): Rows {
  return rows
}

/**
 * A maker of refusals for one domain's rows: `throw refuse('people_key_missing', 'Send a key …')`.
 * The message says what to do next.
 */
export function refusalsOf<Rows extends Record<string, ErrorRow>>(
  rows: Rows,
): (code: keyof Rows & string, message: string, options?: RefusalOptions) => Refusal {
  return (code, message, options) => {
    const row = rows[code]
    if (row === undefined) throw new Error(`error code ${code} is not in the catalogue`)
    return new Refusal(code, row, message, options)
  }
}
