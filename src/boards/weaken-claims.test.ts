import { expect, it } from 'vitest'
import { packClaims, pairPlace, unpackClaims } from './pack-claims.ts'
import { noTrust } from './types-trust.ts'
import type { ModelRow, VersionPayload } from './types-versions.ts'
import { weakenClaims } from './weaken-claims.ts'

const row = (name: string, rating: number, [rankLow, rankHigh, tier]: [number, number, number]) =>
  ({ name, rating, island: 0, rankLow, rankHigh, tier }) as ModelRow

const claim = (better: number, worse: number) => ({ better, worse, status: 'certified' as const })

const payload = {
  models: [row('a', 1100, [1, 1, 1]), row('b', 1000, [2, 2, 2]), row('c', 900, [3, 3, 3])],
  claims: packClaims([claim(0, 1), claim(0, 2), claim(1, 2)], 3),
  fragile: [
    [pairPlace(0, 1, 3), 4],
    [pairPlace(1, 2, 3), 5],
  ],
  ...{ certifiedCount: 3, leaningCount: 0 },
  best: [{ island: 0, leader: 'a', status: 'certified', rivalCount: 0, rivals: [] }],
  trust: {
    ...noTrust,
    retirements: [{ model: 'b', by: 'a', status: 'certified', needed: { kind: 'certified' } }],
  },
} as unknown as VersionPayload

it('tells claims below the floor as leaning: in ranks, tiers and answers too', () => {
  const told = weakenClaims(payload, 5)
  const statusOf = unpackClaims(told.claims, 3)
  expect([statusOf(0, 1), statusOf(0, 2), statusOf(1, 2)]).toEqual([
    ...['leaning', 'certified', 'certified'],
  ])
  expect(told.models.map(({ rankLow, rankHigh, tier }) => [rankLow, rankHigh, tier])).toEqual([
    ...[
      [1, 2, 1],
      [1, 2, 1],
      [3, 3, 2],
    ],
  ])
  expect(told.best[0]).toMatchObject({ status: 'leaning', rivalCount: 1 })
  expect(told.trust.retirements[0]?.status).toBe('leaning')
  expect([told.certifiedCount, told.leaningCount, told.fragile.length]).toEqual([2, 1, 1])
})

it('leaves a version alone whose claims all stand', () => {
  expect(weakenClaims(payload, 4)).toBe(payload)
})
