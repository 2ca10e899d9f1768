import type { UsageTotalsAnswer } from '../metering/index.ts'
import type { MarketClient } from './client.ts'
import { BAIMO } from './words.ts'

const DAY_MS = 86_400_000
const OLD_DAYS = 90
/** Sums of so many days tell which rates are in use. */
const SUMMED_DAYS = 30

/** A rate in use that is old, and what to do about it. */
export interface OldRates {
  readonly found: string
  readonly mend: string
}

/** Null: sums of the last 30 days take no rate that is older than 90 days. */
export async function findOldRates(market: MarketClient, nowMs: number): Promise<OldRates | null> {
  const since = new Date(nowMs - SUMMED_DAYS * DAY_MS).toISOString()
  const { total } = await market.get<UsageTotalsAnswer>(`/api/usage/totals?since=${since}`)
  const { currency, rate_day: day } = total.cost
  const foreign = total.costs.map((cost) => cost.currency).filter((code) => code !== currency)
  const [first] = foreign
  if (day === null || first === undefined) return null
  if (Date.parse(day) >= nowMs - OLD_DAYS * DAY_MS) return null
  return {
    found: `sums from ${foreign.join(', ')} to ${currency} take a rate of ${day}, more than 90 days old`,
    mend: `Set one of today: "${BAIMO} exchange set ${first} ${currency} RATE".`,
  }
}
