/** Numbers drawn from a seed: the same ones in every run. */
export interface Numbers {
  /** From 0 to below 1. */
  next(): number
  /** Of mean 0 and standard deviation 1. */
  normal(): number
}

/** mulberry32, begun at a place that a seed and labels name. */
export function drawNumbers(seed: number, ...labels: readonly (string | number)[]): Numbers {
  let state = [String(seed), ...labels.map(String)].join('/').split('').reduce(mix, 0x811c9dc5)
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    // Box and Muller; 1 − u is never 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  }
}

/** FNV-1a, a character at a time. */
function mix(hash: number, character: string): number {
  return Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0
}
