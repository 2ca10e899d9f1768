import type { ListingAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import { Failure } from './failure.ts'
import { count, UNKNOWN } from './words.ts'

/** Codes of the market itself; those of providers begin otherwise. */
const OWN_CODE =
  /^(gateway|http|limits|metering|people|catalog|providers|engine|routing|store|pricing|cli)_/
const CLIENT_CODES = ['model_not_found', 'invalid_api_key', 'insufficient_scope']

/** Whether an error is in the words of a provider, which the market passes on as they came. */
function isOfProvider({ facts }: Failure): boolean {
  const code = typeof facts.code === 'string' ? facts.code : ''
  const isOwn = OWN_CODE.test(code) || CLIENT_CODES.includes(code)
  return typeof facts.listing_id === 'string' && !isOwn
}

/** An error of a request to a model: who says it, with what status and id, and how long to wait. */
export async function tellRefusal(market: MarketClient, error: Failure): Promise<Failure> {
  const said = isOfProvider(error) ? await tellProvider(market, error) : error.message
  return new Failure(`${said}${tellWait(error, said)}`, { facts: error.facts, cause: error })
}

async function tellProvider(market: MarketClient, { message, facts }: Failure): Promise<string> {
  const id = String(facts.listing_id)
  const place = (await placeOf(market, id)) ?? `listing ${id}`
  const answered =
    typeof facts.status === 'number' && facts.status >= 400
      ? `answered ${facts.status}`
      : 'broke its answer off'
  const request = typeof facts.request_id === 'string' ? ` (request ${facts.request_id})` : ''
  return `${place} ${answered}: "${message}"${request}.`
}

/** Such as `box (acme/lion)`; null: the key may not know, or nobody does. */
async function placeOf(market: MarketClient, listingId: string): Promise<string | null> {
  try {
    const all = await market.list<ListingAnswer>('/api/listings')
    const one = all.find(({ id }) => id === listingId)
    return one === undefined ? null : `${one.provider.name ?? UNKNOWN} (${one.model ?? UNKNOWN})`
  } catch (error) {
    if (error instanceof Failure) return null // the id says it, too
    throw error
  }
}

function tellWait({ facts }: Failure, said: string): string {
  const seconds = facts.retry_after_seconds
  if (typeof seconds !== 'number' || /\bin \d+ seconds?\b/.test(said)) return ''
  return ` Ask again in ${count(seconds, 'second')}.`
}
