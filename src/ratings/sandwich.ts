import { addSymmetricProduct, mirror } from './matrix.ts'
import type { Matrix, PairCounts } from './types.ts'

interface Between {
  readonly pairs: Pick<PairCounts, 'models' | 'first' | 'second'>
  readonly V: Matrix
}

/** V·Lap(a)·V, where the Laplacian has the weights `a`, one for each pair: n × n, symmetric. */
export function sandwich({ pairs, V }: Between, a: Float64Array): Matrix {
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
  const product = new Float64Array(n * n)
  addSymmetricProduct(product, n, V, filling)
  mirror(product, n)
  return product
}
