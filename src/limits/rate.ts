/** How fast something is used lately: a mean that forgets with a time constant of two seconds. */
export class Rate {
  #perSecond = 0
  #atMs = 0

  note(amount: number, nowMs: number): void {
    this.#perSecond = this.perSecond(nowMs) + amount / SECONDS
    this.#atMs = nowMs
  }

  perSecond(nowMs: number): number {
    if (this.#perSecond === 0) return 0
    return this.#perSecond * Math.exp(-(nowMs - this.#atMs) / (SECONDS * 1_000))
  }
}

const SECONDS = 2
