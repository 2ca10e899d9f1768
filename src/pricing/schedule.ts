import { type CompiledPrice, compilePrice } from './cost-of.ts'
import type { OwnerPrice, PricedListing, PriceLayer, PriceVersion } from './types.ts'

/** All that is known of a listing's price, strongest layer first, each oldest first. */
export interface Schedule {
  readonly layers: readonly {
    readonly layer: PriceLayer
    readonly versions: readonly CompiledPrice[]
  }[]
}

/** What holds, and who says so. */
export interface InForce {
  readonly layer: PriceLayer
  readonly price: CompiledPrice
}

/**
 * @param own what the owner set, in the order in which it was set
 * @param listed what others publish
 * @param modelIds the listing's model and those that were merged into it
 */
export function buildSchedule(
  listing: PricedListing,
  own: readonly OwnerPrice[],
  from: { readonly listed: readonly PriceVersion[]; readonly modelIds: ReadonlySet<string> },
): Schedule {
  const owned = (isMeant: (price: OwnerPrice) => boolean): CompiledPrice[] =>
    compileAll(own.filter(isMeant).map(versionOfOwner))
  const layers: Schedule['layers'] = [
    {
      layer: 'listing',
      versions: owned(
        ({ subject }) => subject.kind === 'listing' && subject.listingId === listing.listingId,
      ),
    },
    {
      layer: 'model',
      versions: owned(
        ({ subject }) =>
          subject.kind === 'model' &&
          subject.providerId === listing.providerId &&
          from.modelIds.has(subject.modelId),
      ),
    },
    { layer: 'data', versions: compileAll(from.listed) },
    {
      layer: 'machine',
      versions: listing.isHere ? owned(({ subject }) => subject.kind === 'machine') : [],
    },
  ]
  return { layers: layers.filter(({ versions }) => versions.length > 0) }
}

/** What holds at a time; null: nothing is known. */
export function inForce({ layers }: Schedule, atMs: number): InForce | null {
  for (const { layer, versions } of layers) {
    for (let at = versions.length - 1; at >= 0; at -= 1) {
      const price = versions[at]
      if (price === undefined || price.fromMs > atMs) continue
      if (price.version.terms.kind === 'unreadable') return null
      if (price.version.terms.kind === 'none') break
      return { layer, price }
    }
  }
  return null
}

function versionOfOwner(price: OwnerPrice): PriceVersion {
  const { id, fromMs, currency, terms, source } = price
  return { ref: `owner:${id}`, fromMs, currency: currency ?? '', terms, source }
}

/** Of two versions of one time the one that was set later holds: the sort is stable. */
function compileAll(versions: readonly PriceVersion[]): CompiledPrice[] {
  return versions.map(compilePrice).toSorted((a, b) => compare(a.fromMs, b.fromMs))
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
