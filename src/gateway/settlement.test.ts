import { expect, it } from 'vitest'
import { liveListing, memberPrincipal } from '../../tests/support/gateway.ts'
import type { Endpoint } from '../catalog/index.ts'
import { newId, silentLog, systemClock } from '../kernel/index.ts'
import type { Usage } from '../metering/index.ts'
import { openHealth } from '../routing/index.ts'
import { openAnswerBudget } from './answer-budget.ts'
import { refuse } from './errors.ts'
import { openTicker } from './open-ticker.ts'
import { OwnTime } from './own-time.ts'
import { readEnvelope } from './read-envelope.ts'
import { Settlement } from './settlement.ts'
import { Computing } from './share-time.ts'
import type { Admitted, Relay } from './types.ts'

const endpoint: Endpoint = {
  providerId: newId<'provider'>(),
  dialect: 'openai',
  baseUrl: 'http://127.0.0.1:9/v1',
  socketPath: null,
  authHeader: null,
  quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
}
const counted = {
  tokens: { input: 7, cachedInput: 0, cacheWrite: 0, output: 5, reasoning: 0 },
  source: 'reported' as const,
  upstreamId: null,
}

/** A settlement, and what it told whom. */
function settling(record: (usage: Usage) => Promise<void>, holdFails = false) {
  const told: [string, unknown][] = []
  const endHold = (tokens: number): void => {
    told.push(['hold', tokens])
    if (holdFails) throw new Error('a bug of limits')
  }
  const relay: Relay = {
    resolve: () => ({ kind: 'unknown', nearest: [] }),
    mayDispatch: () => {},
    dispatch: () => () => {},
    record,
    shapeError: () => ({ status: 500, headers: {}, body: '' }),
    random: () => 0,
    meters: {
      refused: (_operation, code) => void told.push(['refused', code]),
      finished: ({ outcome }) => void told.push(['finished', outcome]),
      retried: () => {},
      fellBack: () => {},
      opened: () => {},
    },
    clock: systemClock,
    log: silentLog,
    health: openHealth(() => 1),
    ticker: openTicker(systemClock),
    answers: openAnswerBudget(1),
    computing: new Computing(),
  }
  const admitted: Admitted = {
    requestId: newId<'request'>(),
    principal: memberPrincipal(),
    purpose: 'use',
    operation: 'chat',
    listing: liveListing(endpoint),
    others: [],
    how: 'name',
    upstreamHeaders: {},
    share: { waitFor: () => true },
    hold: { headers: {}, settle: endHold, cancel: () => void told.push(['hold', 'cancelled']) },
    startedAtMs: 0,
    arrivedMs: 0,
    bodyReadMs: 0,
  }
  const reading = readEnvelope(Buffer.from('{"model":"m","messages":[1]}'), 'chat')
  if (reading.kind !== 'envelope') throw new Error('it is one')
  const of = { envelope: reading.envelope, time: new OwnTime(0) }
  return { told, settlement: new Settlement(relay, admitted, of) }
}

it('settles once: the hold with what was counted, the record, and then the meters', async () => {
  const usages: Usage[] = []
  const { settlement, told } = settling(async (usage) => void usages.push(usage))
  const first = settlement.settle('answered', counted, null)
  expect([settlement.isSettled, told]).toEqual([true, [['hold', 12]]])
  expect(await settlement.settle('aborted', counted, null)).toBeNull()
  expect(await first).toBeNull()
  expect(told).toEqual([
    ['hold', 12],
    ['finished', 'answered'],
  ])
  expect(usages).toMatchObject([{ outcome: 'answered', tokens: { input: 7 } }])
})

it('makes the record whatever the hold does', async () => {
  const usages: Usage[] = []
  const { settlement, told } = settling(async (usage) => void usages.push(usage), true)
  expect(await settlement.settle('answered', counted, null)).toBeNull()
  expect([usages.length, told]).toEqual([
    1,
    [
      ['hold', 12],
      ['finished', 'answered'],
    ],
  ])
})

it('says why a record is not committed', async () => {
  const full = new Error('full')
  const { settlement } = settling(() => Promise.reject(full))
  expect(await settlement.settle('answered', counted, null)).toBe(full)
})

it('leaves no record of what was refused, and ends its hold with nothing', async () => {
  const usages: Usage[] = []
  const { settlement, told } = settling(async (usage) => void usages.push(usage))
  settlement.refuse(refuse('gateway_listing_resting', 'Later.'))
  expect(await settlement.settle('aborted', counted, null)).toBeNull()
  expect({ usages, told }).toEqual({
    usages: [],
    told: [
      ['hold', 'cancelled'],
      ['refused', 'gateway_listing_resting'],
    ],
  })
})
