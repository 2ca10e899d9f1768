import { expect, it } from 'vitest'
import { checkEvidence } from './check-evidence.ts'
import { noTrust, type Trust } from './types-trust.ts'
import type { VersionPayload } from './types-versions.ts'

function check(trust: Partial<Trust>, more: Partial<VersionPayload> = {}) {
  const of = { fragile: [], certifiedCount: 40, ...more, trust: { ...noTrust, ...trust } }
  const all = checkEvidence(of as unknown as VersionPayload, { leastTolerance: 5, position: null })
  return new Map(all.map(({ name, isOk, text }) => [name, { isOk, text }]))
}

const rater = {
  ...{ share: 0.2, leader: 'a', leaderWithout: 'a', moved: 'b', movedPoints: 3 },
  ...{ claimsLost: 1, claimsGained: 0 },
}

it('tells which models changed, and whether their claims are void', () => {
  expect(check({}).get('drift')?.isOk).toBe(true)
  const flag = { model: 'm', status: 'flag', logE: 4, changedAtMs: Date.UTC(2026, 4, 1) } as const
  expect(check({ drift: [flag] }).get('drift')?.text).toContain('m since 2026-05-01')
  const alarm = { ...flag, model: 'n', status: 'alarm' } as const
  expect(check({ drift: [flag, alarm] }).get('drift')).toEqual({
    isOk: false,
    text: 'Not what they were, so their claims are void: n since 2026-05-01.',
  })
})

it('counts certified claims below the tolerance floor', () => {
  expect(check({}, { fragile: [[0, 5]] }).get('tolerance')?.isOk).toBe(true)
  const weak = check({}, { fragile: [[0, 4]] }).get('tolerance')
  expect(weak).toMatchObject({ isOk: false, text: expect.stringContaining('1 of 40') })
})

it('says nothing of positions without controls, and fails where they decide', () => {
  expect(check({}).has('position')).toBe(false)
  const controls = { left: 26, right: 24, neither: 10 }
  expect(check({ controls }).get('position')?.isOk).toBe(true)
  expect(check({ controls: { ...controls, left: 60 } }).get('position')?.isOk).toBe(false)
})

it('names the pair that fits worst, and what hangs on one rater', () => {
  const pair = { first: 'a', second: 'b', votes: 50, observed: 0.2, expected: 0.6, z: -5 }
  const found = check({ residuals: [pair], influences: [rater] })
  expect(found.get('pairs')).toMatchObject({ isOk: false })
  expect(found.get('pairs')?.text).toContain('a against b (20 % of 50 votes, 60 % expected)')
  expect(found.get('influence')?.isOk).toBe(true)
  const decides = check({ influences: [rater, { ...rater, leaderWithout: 'b' }] })
  expect(decides.get('influence')?.text).toBe('Without one rater b would lead, not a.')
  expect(check({ influences: [{ ...rater, claimsLost: 9 }] }).get('influence')?.isOk).toBe(false)
  expect(check({ influences: null }).has('influence')).toBe(false)
})
