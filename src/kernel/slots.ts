/** What can stand in slots: in those of one `Slots` at a time, which sets where. */
export interface Slotted {
  slot: number
}

/** Where a thing stands that stands in none. */
export const NO_SLOT = -1

/**
 * A set for what comes and goes with every request, in no order.
 *
 * A `Set` copies itself each time that it has filled up, and each copy holds on to the next. Once a
 * collection of all garbage has moved one of them to the old generation, V8's quick collections
 * take it for alive, though it is dead, and all later copies by it, with everything that was ever
 * in them: whole requests, copied to the old generation, each one, until the next full collection.
 */
export class Slots<Item extends Slotted> {
  readonly #items: (Item | null)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#items.length - this.#free.length
  }

  has(item: Item): boolean {
    return this.#items[item.slot] === item
  }

  add(item: Item): void {
    if (this.has(item)) return
    item.slot = this.#free.pop() ?? this.#items.length
    this.#items[item.slot] = item
  }

  /** Whether it was there. */
  delete(item: Item): boolean {
    if (!this.has(item)) return false
    this.#items[item.slot] = null
    this.#free.push(item.slot)
    item.slot = NO_SLOT
    return true
  }

  /** Those that are there. Some may leave meanwhile; who comes meanwhile may be left out. */
  *[Symbol.iterator](): Generator<Item> {
    for (const item of this.#items) if (item !== null) yield item
  }
}
