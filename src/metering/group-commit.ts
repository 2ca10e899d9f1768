/**
 * Writes items in groups: whoever waits while a write runs goes with the next one, so many
 * requests share one commit and none waits for a timer. One write at a time keeps the order.
 *
 * The writer must be idempotent: a group whose write fails is written again, whole.
 */
export class GroupCommit<Item> {
  readonly #write: (items: readonly Item[]) => Promise<void>
  readonly #wait: (attempt: number) => Promise<void>
  readonly #maxGroup: number
  #waiting: { item: Item; resolve: () => void }[] = []
  #isWriting = false
  #idle: (() => void)[] = []

  /**
   * @param options.write   commits a group; a rejection means "not known to be written"
   * @param options.wait    pause before the given repeat, counted from 1
   * @param options.maxGroup largest group in one write
   */
  constructor(options: {
    readonly write: (items: readonly Item[]) => Promise<void>
    readonly wait: (attempt: number) => Promise<void>
    readonly maxGroup: number
  }) {
    this.#write = options.write
    this.#wait = options.wait
    this.#maxGroup = options.maxGroup
  }

  /** Resolves once the item is committed. Never rejects: a failing write is tried again. */
  add(item: Item): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ item, resolve })
      if (!this.#isWriting) {
        this.#isWriting = true
        // A microtask later, so that all requests that end in this turn share the first group.
        queueMicrotask(() => void this.#run())
      }
    })
  }

  /** Items not yet committed. */
  get pendingCount(): number {
    return this.#waiting.length
  }

  /** Resolves when everything added so far is committed. */
  drain(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, this.#maxGroup)
      await this.#writeUntilDone(group.map((entry) => entry.item))
      this.#waiting = this.#waiting.slice(group.length)
      for (const entry of group) entry.resolve()
    }
    this.#isWriting = false
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }

  async #writeUntilDone(items: readonly Item[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#write(items)
        return
      } catch {
        // The writer has logged it. Waiting requests give up by their own time limit.
        await this.#wait(attempt)
      }
    }
  }
}
