import type { Fit } from '../../src/ratings/index.ts'

/**
 * The covariance that arena-rank 0.1.1 states: (H + εI)⁻¹ B (H + εI)⁻¹ with ε = 1e-5 × votes, H the
 * Hessian and B the squared residuals, here at our strengths, which are finite on any votes.
 */
export function arenaRankCovariance(fit: Fit): Float64Array {
  const n = fit.theta.length
  const votes = fit.N.reduce((sum, count) => sum + count, 0)
  const hessian = laplacian(fit, fit.weight)
  for (let i = 0; i < n; i += 1) hessian[i * n + i] = (hessian[i * n + i] ?? 0) + 1e-5 * votes
  const bread = invert(hessian, n)
  return multiply(multiply(bread, laplacian(fit, fit.r2), n), bread, n)
}

function laplacian({ pairs, theta }: Fit, weights: Float64Array): Float64Array {
  const n = theta.length
  const matrix = new Float64Array(n * n)
  for (const [e, weight] of weights.entries()) {
    const [i, j] = [pairs.first[e] ?? 0, pairs.second[e] ?? 0]
    for (const [at, sign] of [
      [i * n + i, 1],
      [j * n + j, 1],
      [i * n + j, -1],
      [j * n + i, -1],
    ] as const)
      matrix[at] = (matrix[at] ?? 0) + sign * weight
  }
  return matrix
}

function multiply(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1)
    for (let k = 0; k < n; k += 1) {
      const by = a[i * n + k] as number
      for (let j = 0; j < n; j += 1)
        product[i * n + j] = (product[i * n + j] as number) + by * (b[k * n + j] as number)
    }
  return product
}

/** Gauss and Jordan's elimination; the matrix is positive definite, so no pivot is sought. */
function invert(matrix: Float64Array, n: number): Float64Array {
  const left = matrix.slice()
  const right = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) right[i * n + i] = 1
  for (let k = 0; k < n; k += 1) {
    const pivot = left[k * n + k] as number
    for (let j = 0; j < n; j += 1) {
      left[k * n + j] = (left[k * n + j] as number) / pivot
      right[k * n + j] = (right[k * n + j] as number) / pivot
    }
    for (let i = 0; i < n; i += 1) {
      const by = left[i * n + k] as number
      if (i === k || by === 0) continue
      for (let j = 0; j < n; j += 1) {
        left[i * n + j] = (left[i * n + j] as number) - by * (left[k * n + j] as number)
        right[i * n + j] = (right[i * n + j] as number) - by * (right[k * n + j] as number)
      }
    }
  }
  return right
}
