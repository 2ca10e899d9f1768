// edge: talks to providers over pools of sockets
import type { Pool } from 'undici'

/** A dispatch as its lane sees it. */
export interface Passenger {
  /** What it holds in memory while it waits. */
  readonly sizeBytes: number
  /** Whether its turn has come and it has not left: for the lane to set. */
  isRunning: boolean
  /** Its turn has come: the pool has a connection for it, or may open one. Throws nothing. */
  start(pool: Pool): void
}

export interface LaneLimits {
  /** Exchanges that may wait for a connection; one more is refused. */
  readonly maxQueued: number
  /** Bytes of their bodies; one dispatch may always wait, however large. */
  readonly maxQueuedBytes: number
}

export interface LaneOptions extends LaneLimits {
  readonly openPool: (connections: number) => Pool
  readonly connections: number
  readonly nowMs: () => number
}

/**
 * The connections to one provider, and who is on them or waits. It has its bound to itself: a
 * provider that stalls holds its own connections and its own line, and nobody else's.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #waiting = new Set<Passenger>()
  #runningCount = 0
  #pool: Pool
  #connections: number
  #waitingBytes = 0
  #isFilling = false
  #idleSinceMs: number
  #wake: (() => void) | null = null
  /** How long connections opened from now on may take: what the last to start allows. */
  connectTimeoutMs = 0

  constructor(options: LaneOptions) {
    this.#options = options
    this.#connections = options.connections
    this.#pool = options.openPool(options.connections)
    this.#idleSinceMs = options.nowMs()
  }

  get connections(): number {
    return this.#connections
  }

  /** Since when nobody is in it, by `nowMs`; null: somebody is. */
  get idleSinceMs(): number | null {
    return this.#runningCount + this.#waiting.size === 0 ? this.#idleSinceMs : null
  }

  /** `full`: the passenger was not taken. `started`: `start` was called. */
  enter(passenger: Passenger): 'started' | 'waiting' | 'full' {
    if (this.#runningCount < this.#connections && this.#waiting.size === 0) {
      this.#start(passenger)
      return 'started'
    }
    const { maxQueued, maxQueuedBytes } = this.#options
    const bytes = this.#waitingBytes + passenger.sizeBytes
    const isTooMuch = this.#waiting.size > 0 && bytes > maxQueuedBytes
    if (this.#waiting.size >= maxQueued || isTooMuch) return 'full'
    this.#waiting.add(passenger)
    this.#waitingBytes = bytes
    return 'waiting'
  }

  /** It is over, or was given up in line. */
  leave(passenger: Passenger): void {
    if (this.#waiting.delete(passenger)) this.#waitingBytes -= passenger.sizeBytes
    if (passenger.isRunning) {
      passenger.isRunning = false
      this.#runningCount -= 1
    }
    this.#fill()
    if (this.idleSinceMs === null) return
    this.#idleSinceMs = this.#options.nowMs()
    this.#wake?.()
  }

  /** Takes effect at once; what runs goes on over the connections it has. */
  resize(connections: number): void {
    if (connections === this.#connections) return
    const before = this.#pool
    this.#connections = connections
    this.#pool = this.#options.openPool(connections)
    before.close().catch(ignore) // it ends with its last dispatch, which hears of any failure
    this.#fill()
  }

  /** A connection besides all that are there, for one who found theirs dead. To be closed. */
  openFresh(): Pool {
    return this.#options.openPool(1)
  }

  /** Resolves once everybody has left, and every connection is closed. */
  async close(): Promise<void> {
    if (this.idleSinceMs === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    await this.#pool.close()
  }

  /** A passenger that fails as it starts leaves at once: a loop, lest each fills for the next. */
  #fill(): void {
    if (this.#isFilling) return
    this.#isFilling = true
    for (const next of this.#waiting) {
      if (this.#runningCount >= this.#connections) break
      this.#waiting.delete(next)
      this.#waitingBytes -= next.sizeBytes
      this.#start(next)
    }
    this.#isFilling = false
  }

  #start(passenger: Passenger): void {
    passenger.isRunning = true
    this.#runningCount += 1
    passenger.start(this.#pool)
  }
}

function ignore(): void {}
