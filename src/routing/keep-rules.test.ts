import { describe, expect, it } from 'vitest'
import { type ModelId, newId, type OrganisationId, type TeamId } from '../kernel/index.ts'
import { indexRules, NO_RULES } from './keep-rules.ts'
import { DEFAULT_ROUTES, OPEN_POLICY } from './types-choice.ts'
import type { Retirement } from './types-retirement.ts'

const organisationId = newId<'organisation'>() as OrganisationId
const teamId = newId<'team'>() as TeamId
const updatedAt = new Date(0)

function retired(more: Partial<Retirement> = {}): Retirement {
  return {
    id: newId(),
    modelId: newId<'model'>() as ModelId,
    successorId: null,
    retiredAt: new Date('2026-11-25T10:00:00.500Z'),
    sunsetAt: null,
    retiredBy: null,
    evidence: null,
    restoredAt: null,
    restoredBy: null,
    ...more,
  }
}

describe('indexRules', () => {
  it('narrows the policy of an organisation by that of the team that asks', () => {
    const whole = { ...OPEN_POLICY, places: ['EU'] }
    const team = { ...OPEN_POLICY, isWithoutTraining: true }
    const rules = indexRules({
      ...NO_RULES,
      policies: [
        { organisationId, teamId: null, policy: whole, updatedAt },
        { organisationId, teamId, policy: team, updatedAt },
      ],
    })
    expect(rules.policyOf({ organisationId, teamId: null })).toEqual(whole)
    expect(rules.policyOf({ organisationId, teamId })).toEqual({
      ...whole,
      isWithoutTraining: true,
    })
    const other = newId<'organisation'>() as OrganisationId
    expect(rules.policyOf({ organisationId: other, teamId: null })).toBeNull()
  })

  it('gives the defaults to whoever set nothing', () => {
    expect(indexRules(NO_RULES).settingsOf(organisationId)).toEqual(DEFAULT_ROUTES)
  })

  it('writes the headers of RFC 9745 and RFC 8594 for those that are retired', () => {
    const forever = retired()
    const until = retired({ sunsetAt: new Date('2027-01-31T00:00:00Z') })
    const back = retired({ restoredAt: new Date() })
    const rules = indexRules({ ...NO_RULES, retirements: [forever, until, back] })
    expect(rules.headers.get(forever.modelId)).toEqual(['deprecation', '@1795600800'])
    expect(rules.headers.get(until.modelId)).toEqual([
      ...['deprecation', '@1795600800'],
      ...['sunset', 'Sun, 31 Jan 2027 00:00:00 GMT'],
    ])
    expect(rules.headers.get(back.modelId)).toBeUndefined()
  })
})
