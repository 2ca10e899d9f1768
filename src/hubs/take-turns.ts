/** Lets work of one kind go one after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /**
   * Runs work once all that came before it under the same key has settled. A signal ends the wait
   * at once; the work then never begins.
   */
  async take<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(() => {
      signal?.throwIfAborted()
      return work()
    })
    const settled = mine.then(
      () => {},
      () => {},
    )
    this.#last.set(key, settled)
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    })
    const hasBegun = before.then(() => true)
    await (signal === undefined ? hasBegun : Promise.race([hasBegun, endOf(signal)]))
    return mine
  }
}

function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
