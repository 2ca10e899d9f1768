/** Finds the first stop string in text that comes in pieces. */
export interface StopMatcher {
  /**
   * Takes a piece; answers the text that can be shown now. Text that may be the beginning of a stop
   * string is held back; from a stop string on, nothing is shown and `isStopped` is true.
   */
  push(piece: string): { readonly text: string; readonly isStopped: boolean }
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

function firstStop(text: string, stops: readonly string[]): number {
  let first = -1
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at >= 0 && (first < 0 || at < first)) first = at
  }
  return first
}

export function matchStops(stops: readonly string[]): StopMatcher {
  let pending = ''
  let isStopped = false
  return {
    push(piece) {
      if (isStopped) return { text: '', isStopped }
      const text = pending + piece
      const at = firstStop(text, stops)
      if (at >= 0) {
        isStopped = true
        pending = ''
        return { text: text.slice(0, at), isStopped }
      }
      const held = heldLength(text, stops)
      pending = text.slice(text.length - held)
      return { text: text.slice(0, text.length - held), isStopped }
    },
    end() {
      const text = pending
      pending = ''
      return text
    },
  }
}
