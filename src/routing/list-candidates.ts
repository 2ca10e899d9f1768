import type { Catalog, LiveListing, Openness } from '../catalog/index.ts'
import type { ListingFacts } from './types-choice.ts'

type Rows = ReturnType<Catalog['rows']>

const UNKNOWN: ListingFacts = {
  place: null,
  retentionDays: null,
  trainingUse: null,
  openness: null,
}

/** What the catalog knows of its listings that policies ask for, by listing and model. */
export function readListingFacts(
  rows: Pick<Rows, 'facts' | 'models'>,
): (listing: LiveListing) => ListingFacts {
  const factOf = new Map(rows.facts.map((fact) => [`${fact.subjectId} ${fact.name}`, fact.value]))
  const known = new Map<string, ListingFacts>()
  const read = ({ listingId, modelId }: LiveListing): ListingFacts => {
    const text = (name: string, of: string = listingId): string | null => {
      const value = factOf.get(`${of} ${name}`)
      return typeof value === 'string' ? value : null
    }
    const days = factOf.get(`${listingId} retention_days`)
    return {
      ...UNKNOWN,
      place: text('place'),
      retentionDays: typeof days === 'number' || days === 'unlimited' ? days : null,
      trainingUse: text('training_use'),
      openness: text('openness', modelId) as Openness | null, // the catalog has checked the word
    }
  }
  return (listing) => {
    const facts = known.get(listing.listingId) ?? read(listing)
    known.set(listing.listingId, facts)
    return facts
  }
}
