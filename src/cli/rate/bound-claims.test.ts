import { expect, it } from 'vitest'
import { readVoteFile } from '../../ratings/index.ts'
import { boundClaims } from './bound-claims.ts'
import { rateVotes } from './rate-votes.ts'

const file = readVoteFile(
  'model_a,model_b,a_wins,b_wins\na,b,30,10\nb,c,25,12\nc,d,20,9\na,d,40,2\na,c,30,5\n',
)

it('of too many claims the strongest are kept, and how many are left out is said', () => {
  const asked = { method: 'penalised', anchor: null, readMs: 0 } as const
  const report = rateVotes(file, { ...asked, now: () => 0, say: () => {} })
  expect(boundClaims(report)).toBe(report)
  expect(report.diagnostics.claims_left_out).toBe(0)
  const bounded = boundClaims(report, 2)
  expect(bounded.claims).toEqual(report.claims.slice(0, 2))
  expect(bounded.diagnostics).toEqual({ ...report.diagnostics, claims_left_out: 4 })
})
