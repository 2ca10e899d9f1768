/**
 * Time of a server, shared by the requests that run there at once: while n of them run, each is
 * computed for a part in n of the time. The shares add up to the time in which any ran at all.
 */
export class SharedTime {
  #runningCount = 0
  /** What a request that has run since the beginning would have been computed for. */
  #shareMs = 0
  #countedToMs = 0

  /** Begins a request. The answer is for `end`. */
  begin(nowMs: number): number {
    this.#countTo(nowMs)
    this.#runningCount += 1
    return this.#shareMs
  }

  /** Ends it, once: milliseconds that it was computed for. */
  end(beganAt: number, nowMs: number): number {
    this.#countTo(nowMs)
    this.#runningCount -= 1
    return this.#shareMs - beganAt
  }

  #countTo(nowMs: number): void {
    if (this.#runningCount > 0) this.#shareMs += (nowMs - this.#countedToMs) / this.#runningCount
    this.#countedToMs = nowMs
  }
}

/** The time of each provider whose requests are paid by it. */
export class Computing {
  readonly #byProvider = new Map<string, SharedTime>()

  of(providerId: string): SharedTime {
    const known = this.#byProvider.get(providerId)
    if (known !== undefined) return known
    const time = new SharedTime()
    this.#byProvider.set(providerId, time)
    return time
  }
}
