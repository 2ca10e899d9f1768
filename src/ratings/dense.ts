import { at } from './at.ts'
import type { Components } from './find-components.ts'
import { factorise, invert, mirror } from './matrix.ts'
import type { Matrix } from './types.ts'

/** The whole inverse of a positive definite size × size matrix, which is lost; null: it is none. */
export function inverseOf(matrix: Matrix, size: number): Matrix | null {
  if (!factorise(matrix, size)) return null
  const inverse = new Float64Array(size * size)
  invert(matrix, size, { inverse, scratch: new Float64Array(size * size) })
  mirror(inverse, size)
  return inverse
}

/** ln det of a positive definite size × size matrix, which is lost; NaN: it is none. */
export function logDeterminant(matrix: Matrix, size: number): number {
  if (!factorise(matrix, size)) return Number.NaN
  let sum = 0
  for (let i = 0; i < size; i++) sum += Math.log(at(matrix, i * size + i))
  return 2 * sum
}

/** The product of two size × size matrices. */
export function multiply(a: Matrix, b: Matrix, size: number): Matrix {
  const product = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const by = at(a, i * size + k)
      if (by === 0) continue
      for (let j = 0; j < size; j++) addTo(product, i * size + j, by * at(b, k * size + j))
    }
  return product
}

/** bread · filling · bread: what robust errors are made of. */
export function sandwich(bread: Matrix, filling: Matrix, size: number): Matrix {
  return multiply(multiply(bread, filling, size), bread, size)
}

/** The first n × n of a size × size matrix. */
export function cutBlock(matrix: Matrix, size: number, n: number): Matrix {
  const block = new Float64Array(n * n)
  for (let i = 0; i < n; i++) block.set(matrix.subarray(i * size, i * size + n), i * n)
  return block
}

export function addTo(numbers: Float64Array, index: number, by: number): void {
  numbers[index] = at(numbers, index) + by
}

/** An edge between two models, and by how much it counts. */
export interface Edge {
  readonly i: number
  readonly j: number
  readonly by: number
}

/** Adds `by` times (e_i − e_j)(e_i − e_j)ᵀ: an edge of a Laplacian. */
export function addEdge(matrix: Matrix, size: number, { i, j, by }: Edge): void {
  addTo(matrix, i * size + i, by)
  addTo(matrix, j * size + j, by)
  addTo(matrix, i * size + j, -by)
  addTo(matrix, j * size + i, -by)
}

/**
 * Adds (c/n_c)·11ᵀ to each component's block, c its mean diagonal, so that it has an inverse.
 * Returns Σ ln c: what that adds to the logarithm of the determinant of what is not flat.
 */
export function addGauges(
  matrix: Matrix,
  size: number,
  { component, components }: Components,
): number {
  const members = Array.from({ length: components }, (): number[] => [])
  for (let i = 0; i < component.length; i++) members[at(component, i)]?.push(i)
  let logs = 0
  for (const own of members) {
    const diagonal = own.reduce((total, i) => total + at(matrix, i * size + i), 0) / own.length
    const by = (diagonal > 0 ? diagonal : 1) / own.length
    for (const i of own) for (const j of own) addTo(matrix, i * size + j, by)
    logs += Math.log(by * own.length)
  }
  return logs
}

/** C·V·C of an n × n matrix, C taking out the mean of each component: V with Σ = 0. */
export function centre(V: Matrix, { component, components }: Components): Matrix {
  const n = component.length
  const members = new Float64Array(components)
  for (const own of component) addTo(members, own, 1)
  const by = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const mean = component[i] === component[j] ? 1 / at(members, at(component, i)) : 0
      by[i * n + j] = (i === j ? 1 : 0) - mean
    }
  return sandwich(by, V, n)
}
