import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import {
  centreInverse,
  factoriseGraph,
  invertGraph,
  logDeterminantOfGraph,
  solveGraph,
} from './laplacian.ts'
import { mirror } from './matrix.ts'

/** A connected graph's weights, below the diagonal, and its Laplacian. */
function randomGraph(n: number, weight: (value: number) => number) {
  const random = seededRandom(n)
  const weights = new Float64Array(n * n)
  const laplacian = new Float64Array(n * n)
  for (let i = 1; i < n; i += 1)
    for (let j = 0; j < i; j += 1) {
      if (j !== i - 1 && random.next() < 0.4) continue
      const w = weight(random.next())
      weights[i * n + j] = w
      for (const [at, value] of [
        [i * n + i, w],
        [j * n + j, w],
        [i * n + j, -w],
        [j * n + i, -w],
      ] as const)
        laplacian[at] = (laplacian[at] ?? 0) + value
    }
  return { weights, laplacian }
}

function pseudoInverse(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n)
  invertGraph(factor, n, { inverse, scratch: new Float64Array(n * n) })
  centreInverse(inverse, n)
  mirror(inverse, n)
  return inverse
}

describe.each([1, 2, 3, 4, 5, 6, 8, 9, 13, 32])('the Laplacian of %i models', (n) => {
  const { weights, laplacian } = randomGraph(n, (value) => 0.2 + value)
  const factor = weights.slice()
  const isSound = factoriseGraph(factor, n)

  it('times its pseudo-inverse is 1, but along the gauge', () => {
    expect(isSound).toBe(true)
    const inverse = pseudoInverse(factor, n)
    for (let at = 0; at < n * n; at += 1) {
      const [i, j] = [Math.floor(at / n), at % n]
      let sum = 0
      for (let k = 0; k < n; k += 1) sum += (laplacian[i * n + k] ?? 0) * (inverse[k * n + j] ?? 0)
      expect(sum).toBeCloseTo((i === j ? 1 : 0) - 1 / n, 11)
    }
  })

  it('is solved for a column whose sum is 0', () => {
    const b = Float64Array.from({ length: n }, (_, i) => i - (n - 1) / 2)
    const x = b.slice()
    solveGraph(factor, n, x)
    const back = b.map((_, i) =>
      x.reduce((sum, value, j) => sum + value * (laplacian[i * n + j] ?? 0), 0),
    )
    back.forEach((value, i) => {
      expect(value).toBeCloseTo(b[i] ?? 0, 10)
    })
  })

  it('has the determinant that grows with its weights', () => {
    const twice = weights.map((weight) => 2 * weight)
    factoriseGraph(twice, n)
    const gap = logDeterminantOfGraph(twice, n) - logDeterminantOfGraph(factor, n)
    expect(gap).toBeCloseTo((n - 1) * Math.log(2), 10)
  })
})

it('counts the spanning trees of a triangle', () => {
  // Weights 2, 3, 5: 2·3 + 2·5 + 3·5 = 31 trees; the eigenvalues' product is 3 times that.
  const factor = Float64Array.of(0, 0, 0, 2, 0, 0, 3, 5, 0)
  factoriseGraph(factor, 3)
  expect(logDeterminantOfGraph(factor, 3)).toBeCloseTo(Math.log(93), 12)
})

it('keeps all digits over weights from 1e-12 to 1e12', () => {
  // A chain: the variance between its ends is the sum of 1/w.
  const chain = [1e12, 1e-12, 1e9, 1, 1e-6, 1e12]
  const n = chain.length + 1
  const factor = new Float64Array(n * n)
  for (const [i, weight] of chain.entries()) factor[(i + 1) * n + i] = weight
  expect(factoriseGraph(factor, n)).toBe(true)
  const inverse = new Float64Array(n * n)
  invertGraph(factor, n, { inverse, scratch: new Float64Array(n * n) })
  const sum = chain.reduce((all, weight) => all + 1 / weight, 0)
  expect((inverse[0] ?? 0) / sum).toBeCloseTo(1, 14)
})

it('says that a graph is not connected', () => {
  expect(factoriseGraph(new Float64Array(4), 2)).toBe(false)
  expect(factoriseGraph(Float64Array.of(0, 0, Number.NaN, 0), 2)).toBe(false)
})
