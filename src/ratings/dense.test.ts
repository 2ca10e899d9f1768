import { expect, test } from 'vitest'
import {
  addEdge,
  addGauges,
  centre,
  cutBlock,
  inverseOf,
  logDeterminant,
  multiply,
  sandwich,
} from './dense.ts'

const matrix = () => Float64Array.of(4, 1, 0.5, 1, 3, 0.2, 0.5, 0.2, 2)

test('an inverse is whole, and there is none of what is not positive definite', () => {
  const inverse = inverseOf(matrix(), 3) ?? new Float64Array(9)
  const product = multiply(matrix(), inverse, 3)
  for (const [at, number] of [1, 0, 0, 0, 1, 0, 0, 0, 1].entries())
    expect(product[at]).toBeCloseTo(number, 14)
  expect(inverse[1]).toBe(inverse[3])
  expect(inverseOf(Float64Array.of(1, 2, 2, 1), 2)).toBeNull()
  expect(logDeterminant(Float64Array.of(4, 1, 1, 3), 2)).toBeCloseTo(Math.log(11), 14)
  expect(logDeterminant(Float64Array.of(1, 2, 2, 1), 2)).toBeNaN()
})

test('a sandwich and a block are cut from whole matrices', () => {
  expect([...sandwich(Float64Array.of(0, 1, 1, 0), Float64Array.of(1, 2, 2, 5), 2)]).toEqual([
    5, 2, 2, 1,
  ])
  expect([...cutBlock(matrix(), 3, 2)]).toEqual([4, 1, 1, 3])
})

test('a Laplacian gets an inverse by its gauges, and loses them when it is centred', () => {
  const board = { component: Int32Array.of(0, 0, 1), components: 2 }
  const laplacian = new Float64Array(9)
  addEdge(laplacian, 3, { i: 0, j: 1, by: 2 })
  addGauges(laplacian, 3, board)
  const V = centre(inverseOf(laplacian, 3) ?? new Float64Array(9), board)
  for (const [at, number] of [0.125, -0.125, 0, -0.125, 0.125, 0, 0, 0, 0].entries())
    expect(V[at]).toBeCloseTo(number, 14)
})
