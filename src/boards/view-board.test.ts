import { expect, it } from 'vitest'
import { packClaims } from './pack-claims.ts'
import { noTrust } from './types-trust.ts'
import type { ModelRow, VersionPayload } from './types-versions.ts'
import { checkTrust, measureAgreement, sizeClassOf, viewBoard } from './view-board.ts'

const row = (name: string, rating: number | null, island = 0): ModelRow => ({
  ...{ name, island, rating, se: 5, low: 0, high: 0, votes: 10, rankLow: 1, rankHigh: 3, tier: 1 },
  ...{ acceptability: null, pBest: null },
})

const payload: VersionPayload = {
  models: [row('a', 1_100), row('b', 1_000), row('c', 900)],
  votes: 30,
  claims: packClaims(
    [
      { better: 0, worse: 1, status: 'certified' },
      { better: 0, worse: 2, status: 'certified' },
      { better: 1, worse: 2, status: 'undecided' },
    ],
    3,
  ),
  fragile: [[0, 2]],
  certifiedCount: 2,
  leaningCount: 0,
  best: [
    {
      ...{ island: 0, leader: 'a', status: 'certified', needed: { kind: 'certified' } },
      ...{ rivalCount: 0, rivals: [] },
    },
  ],
  rules: { bar: null, raters: 12, largestShare: 0.2, isOnePerson: false },
  diagnostics: {
    ...{ islands: 1, matchupSpread: 8, matchupDf: 9, dispersion: 1, raterDesignEffect: 1.2 },
    ...{ promptDesignEffect: 1, gradientNorm: 0, steps: 5, logThreshold: 7 },
  },
  acceptabilityReason: null,
  style: null,
  isSettled: true,
  trust: noTrust,
}
const inside = { models: new Map(), filter: {}, leastTolerance: 0 }

it('tells outside as leaning what few forged votes would bring down', () => {
  const own = viewBoard(payload, inside)
  expect([own.certifiedCount, own.best[0]?.status]).toEqual([2, 'certified'])
  expect(own.sentence).toContain('a is certified best by 30 votes of 12 raters')
  const outside = viewBoard(payload, { ...inside, leastTolerance: 5 })
  expect([outside.certifiedCount, outside.leaningCount, outside.best[0]?.status]).toEqual([
    ...[1, 1, 'leaning'],
  ])
  expect(outside.neighbours).toEqual([
    { better: 'a', worse: 'b', status: 'leaning' },
    { better: 'b', worse: 'c', status: 'undecided' },
  ])
})

it('shows what is unknown of a model to no filter that asks for it', () => {
  const { rows, hiddenCount } = viewBoard(payload, { ...inside, filter: { openness: 'weights' } })
  expect([rows.length, hiddenCount]).toEqual([0, 3])
})

it('says that independence is assumed where raters are unknown, and warns of one person', () => {
  const unknown = { ...payload, rules: { ...payload.rules, raters: null } }
  const texts = checkTrust(unknown, 5).map(({ text }) => text)
  expect(texts).toContain('Claims assume independent votes.')
  const alone = { ...payload, rules: { ...payload.rules, raters: 1, isOnePerson: true } }
  expect(checkTrust(alone, 5)[0]).toMatchObject({
    isOk: false,
    text: 'This is one person’s taste.',
  })
})

it('measures agreement on pairs that people tell apart', () => {
  expect(measureAgreement(payload, payload)).toEqual({ pairs: 2, share: 1 })
  const other = { ...payload, models: [row('a', 950), row('b', 1_000), row('c', 900)] }
  expect(measureAgreement(payload, other)).toEqual({ pairs: 2, share: 0.5 })
  expect(measureAgreement(payload, { ...payload, models: [] })).toEqual({ pairs: 0, share: null })
})

it('classes models by size, and says nothing of those of unknown size', () => {
  expect([null, 8e9, 9e9, 1e11, 1e12].map(sizeClassOf)).toEqual([
    ...[null, 'small', 'medium', 'large', 'huge'],
  ])
})
