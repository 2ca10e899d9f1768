const WINDOW_MS = 5_000

interface Mark {
  readonly atMs: number
  readonly bytes: number
}

/** Bytes per second over the last five seconds, by an always growing count. */
export class RateMeter {
  #marks: Mark[] = []

  note(bytes: number, atMs: number): void {
    const last = this.#marks.at(-1)
    if (last !== undefined && bytes < last.bytes) this.#marks = []
    if (last !== undefined && atMs - last.atMs < 100) return
    this.#marks.push({ atMs, bytes })
    this.#marks = this.#marks.filter((mark) => atMs - mark.atMs <= WINDOW_MS)
  }

  /** Null: too little is known, or nothing came lately. */
  bytesPerSecond(nowMs: number): number | null {
    const first = this.#marks[0]
    const last = this.#marks.at(-1)
    if (first === undefined || last === undefined || nowMs - first.atMs < 500) return null
    if (nowMs - last.atMs > WINDOW_MS) return null
    return ((last.bytes - first.bytes) * 1_000) / (nowMs - first.atMs)
  }
}
