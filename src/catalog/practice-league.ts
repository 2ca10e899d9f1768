import type { LiveListing } from './types.ts'

/**
 * The listings that may stand for `auto` and on public boards. Practice models (the house models)
 * are there so that a fresh market answers at all: they leave once another chat model is live.
 */
export function withoutPractice(listings: readonly LiveListing[]): readonly LiveListing[] {
  const hasOther = listings.some(
    (listing) => listing.league === 'models' && listing.capabilities.includes('chat'),
  )
  return hasOther ? listings.filter((listing) => listing.league !== 'practice') : listings
}
