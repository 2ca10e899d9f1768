import { expect, it } from 'vitest'
import { reachesOf, rowsOf } from '../../tests/support/catalog-rows.ts'
import type { ModelId } from '../kernel/index.ts'
import { buildSnapshot } from './build-snapshot.ts'
import { summariseModels } from './summarise-models.ts'

it('says in a line what each model is, and null for what nobody knows', () => {
  const rows = rowsOf({
    models: {
      'a/one': {
        listings: [{ provider: 'box' }, { provider: 'far', vanishedAtMs: 1, isOn: false }],
      },
      'a/off': { listings: [{ isOn: false }] },
      'a/merged': { mergedIntoId: 'm:a/one' as ModelId, listings: [] },
    },
    rest: {
      facts: [
        {
          subjectKind: 'model',
          subjectId: 'm:a/one' as ModelId,
          name: 'parameters_total',
          value: 1_000,
          source: 'x',
          checkedAtMs: 0,
        },
      ],
    },
  })
  expect(summariseModels(rows, buildSnapshot(rows, reachesOf(rows)))).toMatchObject([
    {
      name: 'a/one',
      providers: ['box'],
      parametersTotal: 1_000,
      contextTokens: null,
      isLive: true,
    },
    { name: 'a/off', parametersTotal: null, isLive: false },
  ])
})

it('says what was switched off, and which listings rest until when', () => {
  const rows = rowsOf({
    models: {
      'a/off': { listings: [{ isOn: false, switchedAtMs: 1 }] },
      'a/new': { listings: [{ isOn: false, switchedAtMs: null }] },
      'a/two': { listings: [{ provider: 'box' }, { provider: 'far' }] },
    },
  })
  const snapshot = buildSnapshot(rows, reachesOf(rows))
  const [first] = snapshot.listings
  const summary = summariseModels(rows, snapshot, (id) =>
    id === first?.listingId
      ? { state: 'resting', untilMs: 9, recentFailures: 5, lastReason: 'upstream_reset' }
      : null,
  )
  expect(summary).toMatchObject([
    { name: 'a/off', isOff: true, rest: null },
    { name: 'a/new', isOff: false, rest: null },
    { rest: { restingCount: 1, liveCount: 2, untilMs: 9, reason: 'upstream_reset' } },
  ])
})
