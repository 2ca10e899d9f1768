import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { factorise, invert, mirror, multiplySymmetric, solve } from './matrix.ts'

/** A positive definite matrix B·Bᵀ + 1. */
function randomMatrix(n: number): Float64Array {
  const random = seededRandom(n)
  const b = Float64Array.from({ length: n * n }, () => random.next() - 0.5)
  const a = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j < n; j += 1) {
      let sum = i === j ? 1 : 0
      for (let k = 0; k < n; k += 1) sum += at(b, i * n + k) * at(b, j * n + k)
      a[i * n + j] = sum
    }
  return a
}

function at(of: Float64Array, index: number): number {
  return of[index] ?? Number.NaN
}

function product(n: number, left: Float64Array, right: Float64Array): Float64Array {
  return Float64Array.from({ length: n * n }, (_, entry) => {
    const [i, j] = [Math.floor(entry / n), entry % n]
    let sum = 0
    for (let k = 0; k < n; k += 1) sum += at(left, i * n + k) * at(right, k * n + j)
    return sum
  })
}

function largestGap(one: Float64Array, other: Float64Array): number {
  return one.reduce((most, value, entry) => Math.max(most, Math.abs(value - at(other, entry))), 0)
}

describe.each([1, 2, 3, 4, 5, 7, 8, 11, 30])('a matrix of %i rows', (n) => {
  const a = randomMatrix(n)
  const factor = a.slice()
  factorise(factor, n)

  it('is the product of its Cholesky factor with itself', () => {
    const lower = factor.map((value, entry) => (entry % n > Math.floor(entry / n) ? 0 : value))
    const turned = lower.map((_, entry) => at(lower, (entry % n) * n + Math.floor(entry / n)))
    expect(largestGap(product(n, lower, turned), a)).toBeLessThan(1e-12)
  })

  it('times its inverse is 1', () => {
    const inverse = new Float64Array(n * n)
    invert(factor, n, { inverse, scratch: new Float64Array(n * n) })
    mirror(inverse, n)
    const one = a.map((_, entry) => (entry % (n + 1) === 0 ? 1 : 0))
    expect(largestGap(product(n, a, inverse), one)).toBeLessThan(1e-12)
  })

  it('is solved for a column', () => {
    const x = Float64Array.from({ length: n }, (_, i) => i + 1)
    const b = x.map((_, i) => x.reduce((sum, value, j) => sum + at(a, i * n + j) * value, 0))
    solve(factor, n, b)
    expect(largestGap(b, x)).toBeLessThan(1e-11)
  })

  it('squares to a symmetric matrix', () => {
    expect(largestGap(multiplySymmetric(a, a, n), product(n, a, a))).toBeLessThan(1e-11)
  })
})

it('says that a matrix is not positive definite', () => {
  expect(factorise(Float64Array.of(1, 2, 2, 1), 2)).toBe(false)
  expect(factorise(Float64Array.of(Number.NaN), 1)).toBe(false)
})
