// edge: gives everything else that waits its turn.

/** Long work in short steps, one step in each round of the event loop, whoever it is for. */
export interface Turns {
  /** Calls a step again and again, in turn with those of others, until it says that it is done. */
  readonly run: (step: () => 'more' | 'done') => void
}

/** Steps of all that run are taken round robin, so that many together hold up nobody else. */
export function openTurns(): Turns {
  const waiting: (() => 'more' | 'done')[] = []

  function turn(): void {
    const step = waiting.shift()
    // The next is certain before this one runs: a step that throws costs nobody else a turn.
    if (waiting.length > 0) setImmediate(turn)
    if (step?.() === 'more') add(step)
  }

  function add(step: () => 'more' | 'done'): void {
    waiting.push(step)
    if (waiting.length === 1) setImmediate(turn)
  }

  return { run: add }
}
