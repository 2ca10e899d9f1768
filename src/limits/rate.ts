/**
 * How fast something is used lately: a mean that forgets with a time constant of two seconds. What
 * began just now counts as if it had gone on for a second, so one use is no rush.
 */
export class Rate {
  #sum = 0
  #atMs = Number.NEGATIVE_INFINITY
  #beganMs = 0

  note(amount: number, nowMs: number): void {
    if (nowMs - this.#atMs > FORGOTTEN_MS) {
      this.#sum = 0
      this.#beganMs = nowMs
    }
    this.#sum = this.#sum * fading(nowMs - this.#atMs) + amount
    this.#atMs = nowMs
  }

  perSecond(nowMs: number): number {
    if (this.#sum === 0) return 0
    const ageMs = Math.max(LEAST_AGE_MS, nowMs - this.#beganMs)
    const seconds = (CONSTANT_MS / 1_000) * (1 - fading(ageMs))
    return (this.#sum * fading(nowMs - this.#atMs)) / seconds
  }
}

const CONSTANT_MS = 2_000
const FORGOTTEN_MS = 5 * CONSTANT_MS
const LEAST_AGE_MS = 1_000

function fading(spanMs: number): number {
  return Math.exp(-spanMs / CONSTANT_MS)
}
