import type { UsageTotalsAnswer } from '../metering/index.ts'
import type { RateAnswer } from '../pricing/index.ts'
import type { MarketClient } from './client.ts'
import { BAIMO } from './words.ts'

const DAY_MS = 86_400_000
const OLD_DAYS = 90

type Rate = Pick<RateAnswer, 'base' | 'quote' | 'rate' | 'day'>

/** Sums of so many days tell whether a rate is taken at all. */
const SUMMED_DAYS = 30

/** Old rates, where sums of the last 30 days take one; else none. */
export async function readOldRates(
  market: MarketClient,
  rates: readonly Rate[],
  nowMs: number,
): Promise<readonly Rate[]> {
  const old = findOldRates(rates, nowMs)
  if (old.length === 0) return []
  const since = new Date(nowMs - SUMMED_DAYS * DAY_MS).toISOString()
  const { total } = await market.get<UsageTotalsAnswer>(`/api/usage/totals?since=${since}`)
  return old.filter(({ day }) => day === total.cost.rate_day)
}

/**
 * Rates that hold now and are older than 90 days. Of each pair, either way round, the owner's
 * holds, which the list has first, and else the newest.
 */
export function findOldRates(rates: readonly Rate[], nowMs: number): readonly Rate[] {
  const held = new Map<string, Rate>()
  for (const rate of rates) {
    const pair = [rate.base, rate.quote].toSorted().join(' ')
    if (Date.parse(rate.day) <= nowMs && !held.has(pair)) held.set(pair, rate)
  }
  const oldestMs = nowMs - OLD_DAYS * DAY_MS
  return [...held.values()].filter(({ rate, day }) => rate !== null && Date.parse(day) < oldestMs)
}

/** One line: which are old. */
export function describeOldRates(old: readonly Rate[]): string {
  const named = old.slice(0, 3).map(({ base, quote, day }) => `${base} to ${quote} of ${day}`)
  const rest = old.length > 3 ? ` and ${old.length - 3} more` : ''
  return `Older than 90 days: ${named.join(', ')}${rest}.`
}

export function howToSet([first]: readonly Rate[]): string {
  return `Set one of today: "${BAIMO} exchange set ${first?.base ?? 'USD'} ${first?.quote ?? 'CNY'} RATE".`
}
