import { expect, it } from 'vitest'
import { principalWith } from '../../tests/support/principal.ts'
import { newId } from '../kernel/index.ts'
import { needsOf, Register } from './register.ts'
import { usualTiming } from './service.ts'
import type { Holder, LimitedHolder, Limits } from './types.ts'

const no: Limits = { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null }
const caller = principalWith({ teamId: newId() })

function limitedOf(holder: Holder, limits: Partial<Limits>): LimitedHolder {
  const { organisationId } = caller
  return {
    id: newId(),
    holder,
    organisationId,
    limits: { ...no, ...limits },
    updatedAt: new Date(0),
  }
}

function openRegister(): Register {
  return new Register({ timing: usualTiming, busy: new Set(), newId })
}

const ofKey = limitedOf({ kind: 'key', id: caller.keyId ?? newId() }, { requestsPerMinute: 5 })
const ofAll = limitedOf(
  { kind: 'organisation', id: caller.organisationId },
  { tokensPerMinute: 90, concurrentRequests: 2 },
)

it('finds the counters of all holders that bind a caller, and what a request needs of them', () => {
  const register = openRegister()
  expect(register.countersOf(caller)).toEqual([])
  register.replace([
    ofKey,
    ofAll,
    limitedOf({ kind: 'key', id: newId() }, { requestsPerMinute: 1 }),
  ])
  const counters = register.countersOf(caller)
  expect(counters.map(({ metric }) => metric)).toEqual(['requests', 'tokens', 'concurrent'])
  expect(needsOf(counters, 40).map(({ amount }) => amount)).toEqual([1, 40, 1])
  expect(needsOf(counters, 0).map(({ counter }) => counter.metric)).toEqual([
    'requests',
    'concurrent',
  ])
  expect(register.find(ofKey.id, 'requests')).toBe(counters[0])
  expect(register.countersOf({ ...caller, organisationId: newId() })).toEqual([])
})

it('keeps counters over a reload, and names those whose limit has changed or is gone', () => {
  const register = openRegister()
  register.replace([ofKey, ofAll])
  const [requests, tokens, places] = register.countersOf(caller)
  expect(register.replace([ofKey, ofAll])).toEqual([])
  expect(register.countersOf(caller)).toEqual([requests, tokens, places])
  const raised = { ...ofKey, limits: { ...no, requestsPerMinute: 9 } }
  expect(register.replace([raised, ofAll])).toEqual([requests])
  expect(requests?.facts.limit).toBe(9)
  expect(register.replace([raised])).toEqual([tokens, places])
  expect(register.countersOf(caller)).toEqual([requests])
})
