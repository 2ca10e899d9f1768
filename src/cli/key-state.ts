import type { KeyAnswer } from './answers.ts'

/** Whether a key opens anything now. */
export function stateOf(
  key: Pick<KeyAnswer, 'revoked_at' | 'expires_at'>,
  nowMs: number,
): 'good' | 'expired' | 'revoked' {
  if (key.revoked_at !== null) return 'revoked'
  const hasEnded = key.expires_at !== null && Date.parse(key.expires_at) <= nowMs
  return hasEnded ? 'expired' : 'good'
}
