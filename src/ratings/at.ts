/** The number at an index that is known to be within the array. */
export function at(numbers: ArrayLike<number>, index: number): number {
  return numbers[index] as number
}
