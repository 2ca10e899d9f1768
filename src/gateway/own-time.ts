/** Of the time that a request takes, the part that is ours: no provider has it then. */
export class OwnTime {
  #spentMs = 0
  /** Null while a provider has the request. */
  #sinceMs: number | null

  /** @param sinceMs when it became ours, on the clock of all other times here */
  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs
  }

  stop(nowMs: number): void {
    this.#spentMs = this.soFarMs(nowMs)
    this.#sinceMs = null
  }

  /** It is ours again; nothing where it is already. */
  resume(nowMs: number): void {
    this.#sinceMs ??= nowMs
  }

  soFarMs(nowMs: number): number {
    return this.#sinceMs === null ? this.#spentMs : this.#spentMs + nowMs - this.#sinceMs
  }
}
