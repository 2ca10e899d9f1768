/**
 * Whether tests are passed over because something is missing here: never in CI, which has all that
 * scripts/install-test-tools.mjs brings, and fails where it has not.
 */
export function maySkip(isMissing: boolean): boolean {
  return isMissing && process.env.CI === undefined
}
