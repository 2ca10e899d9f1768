// edge: takes the time
/** One check for many: who asks while it runs, or within `goodForMs`, shares its answer. */
export function shareFor<T>(goodForMs: number, check: () => Promise<T>): () => Promise<T> {
  let shared: { readonly answer: Promise<T>; readonly beganMs: number; isRunning: boolean } | null =
    null
  return () => {
    const nowMs = performance.now()
    if (shared !== null && (shared.isRunning || nowMs - shared.beganMs < goodForMs))
      return shared.answer
    const begun = { answer: check(), beganMs: nowMs, isRunning: true }
    shared = begun
    const end = (): void => {
      begun.isRunning = false
    }
    begun.answer.then(end, end)
    return begun.answer
  }
}
