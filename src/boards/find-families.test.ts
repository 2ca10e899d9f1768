import { expect, it } from 'vitest'
import { findFamilies } from './find-families.ts'
import { packClaims } from './pack-claims.ts'
import type { ModelRow, VersionPayload } from './types-versions.ts'
import type { BoardModel } from './view-board.ts'

const rows = ['v1', 'v2', 'v3', 'w'].map(
  (name, at) => ({ name, rating: 900 + 50 * at, low: 0, high: 0, votes: 9, island: 0 }) as ModelRow,
)
const payload = {
  models: rows,
  claims: packClaims(
    [
      { better: 1, worse: 0, status: 'certified' },
      { better: 2, worse: 1, status: 'leaning' },
    ],
    4,
  ),
} as unknown as VersionPayload

const modelsOf = (before: Record<string, string | null>) =>
  new Map(
    Object.entries(before).map(([name, succeeds]): [string, BoardModel] => [
      name,
      { name, succeeds, retiredAt: null } as BoardModel,
    ]),
  )

it('shows the versions of a family as one line, each beside the one before', () => {
  const families = findFamilies(payload, modelsOf({ v1: null, v2: 'v1', v3: 'v2', w: null }))
  expect(families).toHaveLength(1)
  expect(families[0]?.map(({ model, thanBefore }) => [model, thanBefore])).toEqual([
    ['v1', null],
    ['v2', { isBetter: true, status: 'certified' }],
    ['v3', { isBetter: true, status: 'leaning' }],
  ])
})

it('leaves out versions without votes, and ends where versions go in a circle', () => {
  const gap = findFamilies(payload, modelsOf({ v1: null, unseen: 'v1', v3: 'unseen' }))
  expect(gap.map((line) => line.map(({ model }) => model))).toEqual([['v1', 'v3']])
  expect(findFamilies(payload, modelsOf({ v1: 'v2', v2: 'v1', w: 'w' }))).toEqual([])
  const circle = findFamilies(payload, modelsOf({ v1: 'v2', v2: 'v1', v3: 'v2' }))
  expect(circle.map((line) => line.map(({ model }) => model))).toEqual([['v1', 'v2', 'v3']])
})
