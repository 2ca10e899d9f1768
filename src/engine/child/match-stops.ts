export interface Matched {
  readonly text: string
  readonly isStopped: boolean
  /** The stop string that was found; null: none yet. */
  readonly stop: string | null
}

/** Finds the first stop string in text that comes in pieces. */
export interface StopMatcher {
  /**
   * Takes a piece; answers the text that can be shown now. Text that may be the beginning of a stop
   * string is held back; from a stop string on, nothing is shown and `isStopped` is true.
   */
  push(piece: string): Matched
  /** The text held back, once no more comes. */
  end(): string
}

/** Length of the longest end of `text` with which some stop string begins. */
function heldLength(text: string, stops: readonly string[]): number {
  let held = 0
  for (const stop of stops)
    for (let n = Math.min(stop.length - 1, text.length); n > held; n--)
      if (stop.startsWith(text.slice(text.length - n))) held = n
  return held
}

function firstStop(text: string, stops: readonly string[]): { at: number; stop: string } | null {
  let first: { at: number; stop: string } | null = null
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at >= 0 && (first === null || at < first.at)) first = { at, stop }
  }
  return first
}

export function matchStops(stops: readonly string[]): StopMatcher {
  let pending = ''
  let stop: string | null = null
  return {
    push(piece) {
      if (stop !== null) return { text: '', isStopped: true, stop }
      const text = pending + piece
      const found = firstStop(text, stops)
      if (found !== null) {
        stop = found.stop
        pending = ''
        return { text: text.slice(0, found.at), isStopped: true, stop }
      }
      const held = heldLength(text, stops)
      pending = text.slice(text.length - held)
      return { text: text.slice(0, text.length - held), isStopped: false, stop }
    },
    end() {
      const text = pending
      pending = ''
      return text
    },
  }
}
