/** Points in a natural unit of strength. */
export const POINTS_PER_UNIT = 400 / Math.LN10
/** The mean of a component, in points. */
export const MEAN_POINTS = 1000

/** A strength as a rating, in points. */
export function ratingOf(theta: number): number {
  return MEAN_POINTS + POINTS_PER_UNIT * theta
}

/** The strength behind a rating. */
export function strengthOf(rating: number): number {
  return (rating - MEAN_POINTS) / POINTS_PER_UNIT
}
