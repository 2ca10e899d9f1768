import { multiplyRows, place } from './matrix.ts'
import type { Matrix } from './types.ts'

/**
 * Laplacians of connected graphs, by elimination of one node after the other; the last one is the
 * ground, at 0. What is left after each is a Laplacian again, and its diagonal is summed from its
 * weights: nothing is ever subtracted, so that a bridge of one vote between pairs of a billion
 * keeps all its digits.
 *
 * A factor λ holds, below the diagonal, what is subtracted nowhere: the Cholesky factor is L with
 * L_jj = λ_jj and L_ij = −λ_ij. Row n − 1 is the ground's.
 */

/**
 * Replaces the weights of edges (i, j), in the lower triangle of `a` (n × n, all ≥ 0; the diagonal
 * and what stands above it is not read), by the factor. Returns false where the graph is not
 * connected in the numbers at hand.
 */
export function factoriseGraph(a: Matrix, n: number): boolean {
  const sums = new Float64Array(8)
  for (let j = 0; j < n - 1; j += 4) {
    const end = Math.min(j + 4, n - 1)
    for (let i = j; i < n && j > 0; i += 2) {
      multiplyRows(sums, { n, left: a, right: a, i, j, from: 0, to: j })
      for (let row = i; row < Math.min(i + 2, n); row += 1)
        for (let column = j; column < Math.min(end, row); column += 1)
          a[row * n + column] =
            (a[row * n + column] as number) + (sums[4 * (row - i) + column - j] as number)
    }
    for (let column = j; column < end; column += 1)
      if (!eliminate(a, n, { column, end })) return false
  }
  return true
}

/** Eliminates one node; of what that adds to edges, writes what is in columns up to `end`. */
function eliminate(
  a: Matrix,
  n: number,
  { column, end }: { column: number; end: number },
): boolean {
  let total = 0
  for (let i = column + 1; i < n; i += 1) total += a[i * n + column] as number
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) return false
  const root = Math.sqrt(total)
  a[column * n + column] = root
  for (let i = column + 1; i < n; i += 1) {
    const row = i * n
    const own = (a[row + column] as number) / root
    a[row + column] = own
    for (let j = column + 1; j < Math.min(end, i); j += 1)
      a[row + j] = (a[row + j] as number) + own * (a[j * n + column] as number)
  }
  return true
}

/** ln of the product of the Laplacian's eigenvalues but the 0: by the matrix-tree theorem. */
export function logDeterminantOfGraph(factor: Matrix, n: number): number {
  let sum = 0
  for (let i = 0; i < n - 1; i += 1) sum += Math.log(factor[i * n + i] as number)
  return 2 * sum + Math.log(n)
}

/** Replaces `b`, whose sum is 0, by the x with Laplacian · x = b that is 0 at the ground. */
export function solveGraph(factor: Matrix, n: number, b: Float64Array): void {
  for (let i = 0; i < n - 1; i += 1) {
    let sum = b[i] as number
    for (let k = 0; k < i; k += 1) sum += (factor[i * n + k] as number) * (b[k] as number)
    b[i] = sum / (factor[i * n + i] as number)
  }
  b[n - 1] = 0
  for (let i = n - 2; i >= 0; i -= 1) {
    const x = (b[i] as number) / (factor[i * n + i] as number)
    b[i] = x
    for (let k = 0; k < i; k += 1) b[k] = (b[k] as number) + x * (factor[i * n + k] as number)
  }
}

/**
 * Writes the inverse of the Laplacian without the ground's row and column, which are 0, into the
 * lower triangle of `inverse`. `scratch`, as large, is written over.
 */
export function invertGraph(
  factor: Matrix,
  n: number,
  { inverse, scratch }: { inverse: Matrix; scratch: Matrix },
): void {
  const sums = new Float64Array(8)
  const size = n - 1
  invertFactor(factor, n, scratch)
  for (let i = 0; i < size; i += 2)
    for (let j = 0; j <= i + 1 && j < size; j += 4) {
      multiplyRows(sums, { n, left: scratch, right: scratch, i, j, from: i, to: size })
      place(inverse, sums, { n, i, j })
    }
  inverse.fill(0, size * n)
}

/** The columns of L⁻¹ as rows of x: four at a time, from the diagonal down, two entries of each. */
function invertFactor(factor: Matrix, n: number, x: Matrix): void {
  const sums = new Float64Array(8)
  const size = n - 1
  x.fill(0)
  for (let i = 0; i < size; i += 4)
    for (let j = i; j < size; j += 2) {
      const next = j + 1
      multiplyRows(sums, { n, left: factor, right: x, i: j, j: i, from: i, to: j })
      for (let c = i; c < Math.min(i + 4, size); c += 1) {
        const own = ((c === j ? 1 : 0) + (sums[c - i] as number)) / (factor[j * n + j] as number)
        x[c * n + j] = own
        if (next >= size) continue
        const sum = (sums[4 + c - i] as number) + own * (factor[next * n + j] as number)
        x[c * n + next] = ((c === next ? 1 : 0) + sum) / (factor[next * n + next] as number)
      }
    }
}

/** Turns the lower triangle of the grounded inverse into that of the pseudo-inverse. */
export function centreInverse(inverse: Matrix, n: number): void {
  const means = new Float64Array(n)
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j <= i; j += 1) {
      const share = (inverse[i * n + j] as number) / n
      means[i] = (means[i] as number) + share
      if (j < i) means[j] = (means[j] as number) + share
    }
  let all = 0
  for (let i = 0; i < n; i += 1) all += (means[i] as number) / n
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j <= i; j += 1)
      inverse[i * n + j] =
        (inverse[i * n + j] as number) - (means[i] as number) - (means[j] as number) + all
}
