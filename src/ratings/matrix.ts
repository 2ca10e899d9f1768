import type { Matrix } from './types.ts'

/**
 * Dense symmetric linear algebra, row-major in typed arrays. Everything comes down to products of
 * rows with rows, taken two by four: eight sums that do not wait for one another, of six numbers
 * read.
 */

/**
 * Replaces the lower triangle of `a` (n × n) by its Cholesky factor, rows of L with a = L·Lᵀ.
 * What stands above the diagonal is neither read nor written.
 * Returns false, with `a` half done, when `a` is not positive definite in the numbers at hand.
 */
export function factorise(a: Matrix, n: number): boolean {
  const sums = new Float64Array(8)
  for (let i = 0; i < n; i += 2) {
    const last = Math.min(i + 1, n - 1)
    for (let j = 0; j + 3 < i; j += 4) {
      multiplyRows(sums, { n, left: a, right: a, i, j, from: 0, to: j })
      for (let row = i; row <= last; row += 1) {
        for (let c = 0; c < 4; c += 1)
          a[row * n + j + c] = (a[row * n + j + c] as number) - (sums[4 * (row - i) + c] as number)
        substitute(a, n, { row, from: j, to: j + 4 })
      }
    }
    for (let row = i; row <= last; row += 1) {
      // The columns that no four were left of, those of the row before included.
      finishRow(a, n, { row, from: i - (i % 4) })
      if (!(pivot(a, n, row) > 0)) return false
    }
  }
  return true
}

interface Span {
  readonly row: number
  readonly from: number
}

/** Columns `from` up to `to` of a row, of which the products before `from` were subtracted. */
function substitute(a: Matrix, n: number, { row, from, to }: Span & { to: number }): void {
  for (let j = from; j < to; j += 1) {
    let sum = a[row * n + j] as number
    for (let k = from; k < j; k += 1) sum -= (a[row * n + k] as number) * (a[j * n + k] as number)
    a[row * n + j] = sum / (a[j * n + j] as number)
  }
}

/** Columns from `from` up to the diagonal, of which nothing was subtracted yet. */
function finishRow(a: Matrix, n: number, { row, from }: Span): void {
  for (let j = from; j < row; j += 1) {
    let sum = a[row * n + j] as number
    for (let k = 0; k < j; k += 1) sum -= (a[row * n + k] as number) * (a[j * n + k] as number)
    a[row * n + j] = sum / (a[j * n + j] as number)
  }
}

/** Puts the root of what is left of a diagonal entry in its place, and returns what was left. */
function pivot(a: Matrix, n: number, row: number): number {
  let rest = a[row * n + row] as number
  for (let k = row * n; k < row * n + row; k += 1) rest -= (a[k] as number) ** 2
  a[row * n + row] = Math.sqrt(rest)
  return rest
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
 * holds the columns of L⁻¹ as rows afterwards. All three are n × n and apart.
 */
export function invert(
  factor: Matrix,
  n: number,
  into: { inverse: Matrix; scratch: Matrix },
): void {
  const { inverse, scratch } = into
  invertFactor(factor, n, scratch)
  // The inverse is the product of these columns, each from the later one's diagonal on.
  const sums = new Float64Array(8)
  for (let i = 0; i < n; i += 2)
    for (let j = 0; j <= i + 1 && j < n; j += 4) {
      multiplyRows(sums, { n, left: scratch, right: scratch, i, j, from: i, to: n })
      place(inverse, sums, { n, i, j })
    }
}

/** x_c, a column of L⁻¹, from L·x_c = e_c: four columns at a time, two entries of each. */
function invertFactor(factor: Matrix, n: number, x: Matrix): void {
  const sums = new Float64Array(8)
  x.fill(0)
  for (let i = 0; i < n; i += 4)
    for (let j = i; j < n; j += 2) {
      const last = Math.min(j + 1, n - 1)
      multiplyRows(sums, { n, left: factor, right: x, i: j, j: i, from: i, to: j })
      for (let c = i; c < Math.min(i + 4, n); c += 1) {
        const first = ((c === j ? 1 : 0) - (sums[c - i] as number)) / (factor[j * n + j] as number)
        x[c * n + j] = first
        if (last === j) continue
        const done = (sums[4 + c - i] as number) + first * (factor[last * n + j] as number)
        x[c * n + last] = ((c === last ? 1 : 0) - done) / (factor[last * n + last] as number)
      }
    }
}

/** Left · rightᵀ of two n × n matrices, where that is symmetric. */
export function multiplySymmetric(left: Matrix, right: Matrix, n: number): Matrix {
  const product = new Float64Array(n * n)
  const sums = new Float64Array(8)
  for (let i = 0; i < n; i += 2)
    for (let j = 0; j <= i + 1 && j < n; j += 4) {
      multiplyRows(sums, { n, left, right, i, j, from: 0, to: n })
      place(product, sums, { n, i, j })
    }
  mirror(product, n)
  return product
}

/** Rows i and i + 1 of the left, j to j + 3 of the right; in place of one too many, the last. */
interface Block {
  readonly n: number
  readonly i: number
  readonly j: number
}

interface Rows extends Block {
  readonly left: Matrix
  readonly right: Matrix
  /** The columns that are multiplied. */
  readonly from: number
  readonly to: number
}

/** Writes the products of two rows with four rows: those of the first, then of the second. */
export function multiplyRows(sums: Float64Array, { n, left, right, i, j, from, to }: Rows): void {
  const a0 = i * n
  const a1 = Math.min(i + 1, n - 1) * n
  const b0 = j * n
  const b1 = Math.min(j + 1, n - 1) * n
  const b2 = Math.min(j + 2, n - 1) * n
  const b3 = Math.min(j + 3, n - 1) * n
  let [s00, s01, s02, s03] = [0, 0, 0, 0]
  let [s10, s11, s12, s13] = [0, 0, 0, 0]
  for (let k = from; k < to; k += 1) {
    const x = left[a0 + k] as number
    const y = left[a1 + k] as number
    const u0 = right[b0 + k] as number
    const u1 = right[b1 + k] as number
    const u2 = right[b2 + k] as number
    const u3 = right[b3 + k] as number
    s00 += x * u0
    s01 += x * u1
    s02 += x * u2
    s03 += x * u3
    s10 += y * u0
    s11 += y * u1
    s12 += y * u2
    s13 += y * u3
  }
  sums[0] = s00
  sums[1] = s01
  sums[2] = s02
  sums[3] = s03
  sums[4] = s10
  sums[5] = s11
  sums[6] = s12
  sums[7] = s13
}

/** Puts such products where they belong. */
export function place(out: Matrix, sums: Float64Array, { n, i, j }: Block): void {
  for (let row = i; row < Math.min(i + 2, n); row += 1)
    for (let column = j; column < Math.min(j + 4, n); column += 1)
      out[row * n + column] = sums[4 * (row - i) + column - j] as number
}

/** Copies the lower triangle of an n × n matrix onto the upper one. */
export function mirror(a: Matrix, n: number): void {
  for (let i = 1; i < n; i += 1)
    for (let j = 0; j < i; j += 1) a[j * n + i] = a[i * n + j] as number
}
