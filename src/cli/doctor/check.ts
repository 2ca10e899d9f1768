export type CheckState = 'ok' | 'warning' | 'broken'

/** What one look found. */
export interface Check {
  readonly part: string
  readonly state: CheckState
  /** In a few words. */
  readonly found: string
  /** What to do; null where nothing is to be done. */
  readonly mend: string | null
}

export function ok(part: string, found: string): Check {
  return { part, state: 'ok', found, mend: null }
}

/** It works, but something about it will be regretted. */
export function warning(part: string, found: string, mend: string): Check {
  return { part, state: 'warning', found, mend }
}

export function broken(part: string, found: string, mend: string): Check {
  return { part, state: 'broken', found, mend }
}

/** What the broken ones and the warnings come to. */
export function worstOf(checks: readonly Check[]): CheckState {
  if (checks.some(({ state }) => state === 'broken')) return 'broken'
  return checks.some(({ state }) => state === 'warning') ? 'warning' : 'ok'
}
