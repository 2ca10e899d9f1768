/** The model that has this rating, and its island with it. */
export interface Anchor {
  readonly model: string
  readonly rating: number
}

const DEFAULT_RATING = 1000

/** Reads `MODEL` or `MODEL=POINTS`. What stands behind the last `=` is points if it is a number. */
export function readAnchor(text: string): Anchor {
  const at = text.lastIndexOf('=')
  const points = at > 0 ? text.slice(at + 1).trim() : ''
  const isRating = /^[-+]?\d+(\.\d+)?$/.test(points)
  return isRating
    ? { model: text.slice(0, at), rating: Number(points) }
    : { model: text, rating: DEFAULT_RATING }
}
