import type { Matrix } from './types.ts'

/**
 * Dense symmetric linear algebra, row-major in typed arrays. Loops run along rows and take four
 * rows at a time: a sum of one product after the other waits for itself, four sums do not.
 */

/**
 * Replaces the lower triangle of `a` (n × n) by its Cholesky factor, rows of L with a = L·Lᵀ.
 * What stands above the diagonal is neither read nor written.
 * Returns false, with `a` half done, when `a` is not positive definite in the numbers at hand.
 */
export function factorise(a: Matrix, n: number): boolean {
  for (let i = 0; i < n; i += 1) {
    const row = i * n
    let j = 0
    for (; j + 3 < i; j += 4) reduceFour(a, n, row, j)
    for (; j < i; j += 1) {
      const other = j * n
      let sum = a[row + j] as number
      for (let k = 0; k < j; k += 1) sum -= (a[row + k] as number) * (a[other + k] as number)
      a[row + j] = sum / (a[other + j] as number)
    }
    let rest = a[row + i] as number
    for (let k = 0; k < i; k += 1) rest -= (a[row + k] as number) ** 2
    if (!(rest > 0)) return false
    a[row + i] = Math.sqrt(rest)
  }
  return true
}

/** Four neighbouring entries of one row of the factor, from column j. */
function reduceFour(a: Matrix, n: number, row: number, j: number): void {
  const [r0, r1, r2, r3] = [j * n, (j + 1) * n, (j + 2) * n, (j + 3) * n]
  let s0 = a[row + j] as number
  let s1 = a[row + j + 1] as number
  let s2 = a[row + j + 2] as number
  let s3 = a[row + j + 3] as number
  for (let k = 0; k < j; k += 1) {
    const x = a[row + k] as number
    s0 -= x * (a[r0 + k] as number)
    s1 -= x * (a[r1 + k] as number)
    s2 -= x * (a[r2 + k] as number)
    s3 -= x * (a[r3 + k] as number)
  }
  s0 /= a[r0 + j] as number
  s1 = (s1 - s0 * (a[r1 + j] as number)) / (a[r1 + j + 1] as number)
  s2 -= s0 * (a[r2 + j] as number) + s1 * (a[r2 + j + 1] as number)
  s2 /= a[r2 + j + 2] as number
  s3 -= s0 * (a[r3 + j] as number) + s1 * (a[r3 + j + 1] as number)
  s3 = (s3 - s2 * (a[r3 + j + 2] as number)) / (a[r3 + j + 3] as number)
  a[row + j] = s0
  a[row + j + 1] = s1
  a[row + j + 2] = s2
  a[row + j + 3] = s3
}

/** ln det(L·Lᵀ) of a Cholesky factor. */
export function logDeterminant(factor: Matrix, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i += 1) sum += Math.log(factor[i * n + i] as number)
  return 2 * sum
}

/** Replaces `b` by the x with L·Lᵀ·x = b. */
export function solve(factor: Matrix, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i += 1) {
    let sum = b[i] as number
    for (let k = 0; k < i; k += 1) sum -= (factor[i * n + k] as number) * (b[k] as number)
    b[i] = sum / (factor[i * n + i] as number)
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    const x = (b[i] as number) / (factor[i * n + i] as number)
    b[i] = x
    for (let k = 0; k < i; k += 1) b[k] = (b[k] as number) - x * (factor[i * n + k] as number)
  }
}

/**
 * Writes the inverse of L·Lᵀ into the lower triangle of `inverse`, diagonal included; `scratch`
 * holds L⁻¹ afterwards, with zeros above its diagonal. All three are n × n and apart.
 */
export function invert(
  factor: Matrix,
  n: number,
  into: { inverse: Matrix; scratch: Matrix },
): void {
  const { inverse, scratch: x } = into
  // x = L⁻¹, row by row: x_i = (e_i − Σ_{k<i} L_ik x_k) / L_ii.
  x.fill(0)
  for (let i = 0; i < n; i += 1) {
    const row = { x, at: i * n, size: i }
    addCombination(row, { of: x, n, from: 0, to: i, by: factor, byAt: i * n, stride: 1 })
    const scale = 1 / (factor[i * n + i] as number)
    for (let j = i * n; j < i * n + i; j += 1) x[j] = -(x[j] as number) * scale
    x[i * n + i] = scale
  }
  // The inverse is xᵀx: its row i is Σ_{k≥i} x_ki x_k.
  inverse.fill(0)
  for (let i = 0; i < n; i += 1) {
    const row = { x: inverse, at: i * n, size: i + 1 }
    addCombination(row, { of: x, n, from: i, to: n, by: x, byAt: i * n + i, stride: n })
  }
}

/** Adds to the lower triangle of `out` the product of two n × n matrices that is symmetric. */
export function addSymmetricProduct(out: Matrix, n: number, left: Matrix, right: Matrix): void {
  for (let i = 0; i < n; i += 1) {
    const row = { x: out, at: i * n, size: i + 1 }
    addCombination(row, { of: right, n, from: 0, to: n, by: left, byAt: i * n, stride: 1 })
  }
}

/** `size` numbers of `x`, from `at`. */
interface Row {
  readonly x: Matrix
  readonly at: number
  readonly size: number
}

/** Rows `from` up to `to` of a matrix, each times one number of `by`: at `byAt`, then each `stride`. */
interface Combination {
  readonly of: Matrix
  readonly n: number
  readonly from: number
  readonly to: number
  readonly by: Float64Array
  readonly byAt: number
  readonly stride: number
}

/** Adds to a row a linear combination of rows. */
function addCombination({ x, at, size }: Row, combination: Combination): void {
  const { of, n, from, to, by, byAt, stride } = combination
  let k = from
  let coefficient = byAt
  for (; k + 3 < to; k += 4) {
    const b0 = by[coefficient] as number
    const b1 = by[coefficient + stride] as number
    const b2 = by[coefficient + 2 * stride] as number
    const b3 = by[coefficient + 3 * stride] as number
    coefficient += 4 * stride
    const [r0, r1, r2, r3] = [k * n, (k + 1) * n, (k + 2) * n, (k + 3) * n]
    for (let j = 0; j < size; j += 1)
      x[at + j] =
        (x[at + j] as number) +
        (b0 * (of[r0 + j] as number) + b1 * (of[r1 + j] as number)) +
        (b2 * (of[r2 + j] as number) + b3 * (of[r3 + j] as number))
  }
  for (; k < to; k += 1) {
    const b = by[coefficient] as number
    coefficient += stride
    for (let j = 0; j < size; j += 1)
      x[at + j] = (x[at + j] as number) + b * (of[k * n + j] as number)
  }
}

/** Copies the lower triangle of an n × n matrix onto the upper one. */
export function mirror(a: Matrix, n: number): void {
  for (let i = 1; i < n; i += 1)
    for (let j = 0; j < i; j += 1) a[j * n + i] = a[i * n + j] as number
}
