import { expect, it } from 'vitest'
import { packClaims, pairPlace, unpackClaims } from './pack-claims.ts'

it('numbers unordered pairs without a gap', () => {
  const places = []
  for (let i = 0; i < 7; i += 1) for (let j = i + 1; j < 7; j += 1) places.push(pairPlace(i, j, 7))
  expect(places).toEqual([...Array(21).keys()])
})

it('gives back every status, and nothing between islands', () => {
  const status = ['certified', 'leaning', 'undecided'] as const
  const claims = []
  for (let i = 0; i < 6; i += 1)
    for (let j = i + 1; j < 6; j += 1)
      claims.push({ better: j, worse: i, status: status[(i + j) % 3] ?? 'undecided' })
  const statusOf = unpackClaims(packClaims(claims, 9), 9)
  for (const { better, worse, status: expected } of claims) {
    expect(statusOf(better, worse)).toBe(expected)
    expect(statusOf(worse, better)).toBe(expected)
  }
  expect(statusOf(0, 8)).toBeNull()
})
