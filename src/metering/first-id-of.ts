const LAST_MS = 2 ** 48 - 1

/** The smallest UUID of version 7 of a millisecond; times out of its range are cut to it. */
export function firstIdOf(timeMs: number): string {
  const cutMs = Math.min(Math.max(Math.trunc(timeMs), 0), LAST_MS)
  const digits = cutMs.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-000000000000`
}
