/** Items that can never be written, each with the reason that its `add` rejects with. */
export type GivenUp<Item> = ReadonlyMap<Item, Error>

export interface GroupCommitOptions<Item> {
  /** Commits a group but for what it gives up; a rejection means "not known to be written". */
  readonly write: (items: readonly Item[]) => Promise<GivenUp<Item>>
  /** Pause before the given repeat, counted from 1. */
  readonly wait: (attempt: number) => Promise<void>
  /** Largest group in one write. */
  readonly maxGroup: number
  /** A clock that never goes back. */
  readonly nowMs: () => number
  /** Calls back once, after the given time; for those who wait no longer. */
  readonly after: (delayMs: number, call: () => void) => void
  /** Calls back once all that this turn of the event loop brings has been taken up. */
  readonly endOfTurn: (call: () => void) => void
  /** What those are told. */
  readonly lateError: () => Error
}

interface Waiting<Item> {
  readonly item: Item
  readonly sinceMs: number
  readonly untilMs: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Writes items in groups: whoever waits while a write runs goes with the next one, so many
 * requests share one commit and none waits for a timer. One write at a time keeps the order.
 *
 * The writer must be idempotent: a group whose write fails is written again, whole. What it can
 * never write it gives up, item by item.
 */
export class GroupCommit<Item> {
  readonly #options: GroupCommitOptions<Item>
  #waiting: Waiting<Item>[] = []
  #isWriting = false
  #isStopped = false
  /** When the one timer for all who wait will look at them next. */
  #looksAtMs = Number.POSITIVE_INFINITY
  #idle: (() => void)[] = []

  constructor(options: GroupCommitOptions<Item>) {
    this.#options = options
  }

  /**
   * Resolves once the item is committed. Rejects with what the writer gave it up for, or after
   * `timeoutMs`: the item is then still written as soon as that works.
   */
  add(item: Item, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const sinceMs = this.#options.nowMs()
      const untilMs = sinceMs + timeoutMs
      this.#waiting.push({ item, sinceMs, untilMs, resolve, reject })
      if (untilMs < this.#looksAtMs) this.#lookAt(untilMs, timeoutMs)
      if (!this.#isWriting && !this.#isStopped) {
        this.#isWriting = true
        // At the end of the turn, so that all requests that end in it share the first group.
        this.#options.endOfTurn(() => void this.#run())
      }
    })
  }

  /** Items not yet committed. */
  get pendingCount(): number {
    return this.#waiting.length
  }

  /** The same items, oldest first. */
  get pending(): readonly Item[] {
    return this.#waiting.map(({ item }) => item)
  }

  /** How long the oldest item has waited; 0 when none waits. */
  get oldestAgeMs(): number {
    const oldest = this.#waiting[0]
    return oldest === undefined ? 0 : this.#options.nowMs() - oldest.sinceMs
  }

  /** Writes no further group; what waits goes on waiting. */
  stop(): void {
    this.#isStopped = true
  }

  /** Resolves when everything added so far is committed. */
  drain(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** A timer for each item would cost more than the rest of its way. */
  #lookAt(atMs: number, delayMs: number): void {
    this.#looksAtMs = atMs
    this.#options.after(delayMs, () => {
      if (this.#looksAtMs === atMs) this.#rejectLate()
    })
  }

  #rejectLate(): void {
    const nowMs = this.#options.nowMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const { untilMs, reject } of this.#waiting) {
      if (untilMs <= nowMs) reject(this.#options.lateError())
      else nextMs = Math.min(nextMs, untilMs)
    }
    this.#looksAtMs = nextMs
    if (nextMs < Number.POSITIVE_INFINITY) this.#lookAt(nextMs, nextMs - nowMs)
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isStopped) {
      const group = this.#waiting.slice(0, this.#options.maxGroup)
      const givenUp = await this.#writeUntilDone(group.map((entry) => entry.item))
      if (givenUp === null) break
      this.#waiting = this.#waiting.slice(group.length)
      for (const { item, resolve, reject } of group) {
        const error = givenUp.size === 0 ? undefined : givenUp.get(item)
        if (error === undefined) resolve()
        else reject(error)
      }
    }
    this.#isWriting = false
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }

  /** What was given up; null when it was stopped before a write worked. */
  async #writeUntilDone(items: readonly Item[]): Promise<GivenUp<Item> | null> {
    for (let attempt = 1; !this.#isStopped; attempt += 1) {
      try {
        return await this.#options.write(items)
      } catch {
        // The writer has logged it. Waiting requests give up by their own time limit.
        await this.#options.wait(attempt)
      }
    }
    return null
  }
}
