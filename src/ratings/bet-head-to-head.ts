/** Shares of the wealth that are staked at even odds, from half of it down: λ/2, λ = 2^(−k/2). */
const STAKES = Array.from({ length: 14 }, (_, k) => 2 ** (-k / 2) / 2)

/**
 * log E of a bet on the votes between two models alone, without any model of strengths: wealth
 * that starts at 1 and is staked on `wins` at even odds, averaged over 14 stakes; ties change
 * nothing. Against "of the votes that decide, at most half are wins", at any time. Votes that
 * repeat themselves count as fewer: both counts are divided by the design effect (1: independent).
 */
export function logHeadToHead(wins: number, losses: number, designEffect = 1): number {
  const logs = STAKES.map(
    (stake) => (wins * Math.log1p(stake) + losses * Math.log1p(-stake)) / designEffect,
  )
  const most = Math.max(...logs)
  const mean = logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / STAKES.length
  return most + Math.log(mean)
}
