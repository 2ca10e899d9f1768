import { multiplySymmetric } from './matrix.ts'
import type { Matrix, PairCounts } from './types.ts'

/** A covariance, and the pairs whose weights are meant. */
interface Graph {
  readonly pairs: Pick<PairCounts, 'models' | 'first' | 'second'>
  readonly V: Matrix
}

/**
 * V·Lap(a)·V, where the Laplacian has the weights `a`, one for each pair: n × n, symmetric. Pair
 * by pair: what a heavy one adds to one row and takes from the other cancels to the last digit.
 */
export function sandwich({ pairs, V }: Graph, a: Float64Array): Matrix {
  const n = pairs.models.length
  const filling = new Float64Array(n * n)
  for (let e = 0; e < a.length; e += 1) {
    const weight = a[e] as number
    const i = (pairs.first[e] as number) * n
    const j = (pairs.second[e] as number) * n
    for (let k = 0; k < n; k += 1) {
      const apart = weight * ((V[i + k] as number) - (V[j + k] as number))
      filling[i + k] = (filling[i + k] as number) + apart
      filling[j + k] = (filling[j + k] as number) - apart
    }
  }
  return multiplySymmetric(V, transposed(filling, n), n)
}

function transposed(a: Matrix, n: number): Matrix {
  const turned = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j < n; j += 1) turned[j * n + i] = a[i * n + j] as number
  return turned
}
