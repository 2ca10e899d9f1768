interface Waiting<Value> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
  readonly reject: (reason: unknown) => void
}

export interface Lookups<Value> {
  /** The value of `key`; null: there is none, or too many wait already (`isFull` tells which). */
  find(key: string): Promise<Value | null>
  /** Whether the next unknown key would be one too many. */
  isFull(key: string): boolean
  /** Lets nobody who comes from now on share a look-up that began before. */
  forget(): void
}

/**
 * Looks many keys up with one question at a time: who comes while one runs goes with the next,
 * and who asks for the same key shares it. So a flood of unknown keys costs one connection.
 *
 * @param load answers the keys it knows; those it leaves out have no value
 */
export function batchLookups<Value>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
  limits: { readonly batch: number; readonly waiting: number },
): Lookups<Value> {
  const waiting = new Map<string, Waiting<Value | null>>()
  let running = new Map<string, Promise<Value | null>>()
  let isRunning = false

  async function drain(): Promise<void> {
    isRunning = true
    while (waiting.size > 0) await runBatch()
    isRunning = false
  }

  async function runBatch(): Promise<void> {
    const entries = [...waiting].slice(0, limits.batch)
    for (const [key] of entries) waiting.delete(key)
    running = new Map(entries.map(([key, { promise }]) => [key, promise]))
    try {
      const values = await load(entries.map(([key]) => key))
      for (const [key, { resolve }] of entries) resolve(values.get(key) ?? null)
    } catch (error) {
      for (const [, { reject }] of entries) reject(error)
    }
    running = new Map()
  }

  return {
    find(key) {
      const shared = running.get(key) ?? waiting.get(key)?.promise
      if (shared !== undefined) return shared
      const entry = Promise.withResolvers<Value | null>()
      waiting.set(key, entry)
      // A turn of the loop first, so that keys that arrive together go together.
      if (!isRunning) {
        isRunning = true
        queueMicrotask(drain)
      }
      return entry.promise
    },
    isFull: (key) => waiting.size >= limits.waiting && !waiting.has(key) && !running.has(key),
    forget() {
      running = new Map()
    },
  }
}
