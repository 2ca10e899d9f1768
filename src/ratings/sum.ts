/** Σ of all numbers. */
export function sum(numbers: Float64Array): number {
  return numbers.reduce((total, number) => total + number, 0)
}
