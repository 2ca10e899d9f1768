import { expect, it } from 'vitest'
import { liveListing, memberPrincipal } from '../../tests/support/gateway.ts'
import type { Endpoint } from '../catalog/index.ts'
import { newId } from '../kernel/index.ts'
import { NOTHING_CONSUMED } from './count-usage.ts'
import { makeRecord } from './make-record.ts'

const endpoint: Endpoint = {
  providerId: newId<'provider'>(),
  dialect: 'openai',
  baseUrl: 'http://127.0.0.1:9/v1',
  socketPath: null,
  authHeader: null,
  quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
}

it('makeRecord is under the request’s id and of the listing that decided', () => {
  const [first, second] = [liveListing(endpoint), liveListing(endpoint)]
  const principal = memberPrincipal()
  const requestId = newId<'request'>()
  const cost = { isKnown: false, reason: 'no_price' } as const
  const price = { cost, computeMs: 7 }
  const admitted = {
    requestId,
    principal,
    purpose: 'use',
    operation: 'chat',
    listing: first,
    others: [second],
    how: 'name',
    upstreamHeaders: {},
    share: { waitFor: () => true },
    hold: null,
    startedAtMs: 5,
    arrivedMs: 100,
    bodyReadMs: 101,
  } as const
  const end = { counted: NOTHING_CONSUMED, price, isStream: true, nowMs: 150 }
  const deciding = { listing: second, status: 200, firstByteAtMs: 130 }
  const record = makeRecord(admitted, deciding, { ...end, outcome: 'answered' })
  expect(record).toEqual({
    id: requestId,
    organisationId: principal.organisationId,
    subjectId: principal.subjectId,
    keyId: principal.keyId,
    teamId: null,
    modelId: second.modelId,
    variantId: second.variantId,
    listingId: second.listingId,
    purpose: 'use',
    operation: 'chat',
    isStream: true,
    tokens: NOTHING_CONSUMED.tokens,
    source: 'counted',
    outcome: 'answered',
    upstreamStatus: 200,
    upstreamId: null,
    startedAtMs: 5,
    firstByteMs: 30,
    totalMs: 50,
    computeMs: 7,
    cost,
    route: null,
  })
  const refused = makeRecord(
    admitted,
    { ...deciding, status: 500 },
    { ...end, outcome: 'upstream_error' },
  )
  // The body of an error is no first byte of an answer.
  expect(refused).toMatchObject({ upstreamStatus: 500, firstByteMs: null })
})
