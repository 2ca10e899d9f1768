/** How long a conversation stays with the listing that has its beginning in a cache. */
export const PIN_MS = 300_000
const MOST_PINS = 10_000

/** Which listing a conversation was sent to, for a while. */
export interface Pins {
  /** Null: none, or it was too long ago. */
  find(key: string, nowMs: number): string | null
  /** From now on, for five minutes: a pin that holds still is not made longer. */
  keep(key: string, listingId: string, nowMs: number): void
  readonly size: number
}

export function openPins(): Pins {
  const pins = new Map<string, { readonly listingId: string; readonly untilMs: number }>()
  return {
    get size() {
      return pins.size
    },
    find(key, nowMs) {
      const pin = pins.get(key)
      if (pin === undefined) return null
      if (pin.untilMs > nowMs) return pin.listingId
      pins.delete(key)
      return null
    },
    keep(key, listingId, nowMs) {
      const pin = pins.get(key)
      if (pin !== undefined && pin.untilMs > nowMs && pin.listingId === listingId) return
      pins.delete(key)
      pins.set(key, { listingId, untilMs: nowMs + PIN_MS })
      const [oldest] = pins.keys()
      if (pins.size > MOST_PINS && oldest !== undefined) pins.delete(oldest)
    },
  }
}
