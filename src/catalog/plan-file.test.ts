import { describe, expect, it } from 'vitest'
import { ordinaryProvider, rowsOf } from '../../tests/support/catalog-rows.ts'
import type { ProviderId } from '../kernel/index.ts'
import { nameWished, planFile } from './plan-file.ts'
import type { InspectedFile } from './types.ts'

const file: InspectedFile = {
  name: 'Little One',
  parameterCount: 1_000,
  activeParameterCount: 500,
  quantisation: 'Q4_K_M',
  contextTokens: null,
  kind: 'embedding',
  licence: null,
  sha256: 'a'.repeat(64),
}

function plan(wish: string | null, models: Parameters<typeof rowsOf>[0]['models'] = {}) {
  let count = 0
  return planFile(rowsOf({ models }), file, {
    engine: ordinaryProvider('engine' as ProviderId),
    path: '/srv/x.gguf',
    wish,
    isThere: () => true,
    nowMs: 1_000,
    newId: () => `id-${count++}`,
  })
}

it('takes from the file what it says and nothing more', () => {
  expect(plan(null)).toMatchObject({
    kind: 'new',
    model: { publisher: 'local', name: 'little-one', capabilities: ['embedding'] },
    variant: { weightsSha256: file.sha256, quantisation: 'Q4_K_M' },
    listing: { isOn: true, filePath: '/srv/x.gguf', upstreamModel: 'local/little-one' },
    facts: [
      { name: 'parameters_total', value: 1_000, source: 'the model file' },
      { name: 'parameters_active', value: 500 },
      { name: 'place', value: 'this-machine' },
      { name: 'retention_days', value: 0 },
      { name: 'training_use', value: 'never' },
    ],
  })
})

it.each([
  ['mine', 'local/mine'],
  ['me/Mine', 'me/Mine'],
  ['me/a/b', 'me/a-b'],
])('takes the wished name %s as %s', (wish, expected) => {
  expect(plan(wish)).toMatchObject({ listing: { upstreamModel: expected } })
})

it('finds a free name by packing, then by number', () => {
  expect(plan(null, { 'local/Little-One': {} })).toMatchObject({
    model: { name: 'little-one-q4_k_m' },
  })
  expect(plan(null, { 'local/little-one': {}, 'local/little-one-q4_k_m': {} })).toMatchObject({
    model: { name: 'little-one-q4_k_m-2' },
  })
})

it('refuses a wished name that is taken', () => {
  expect(() => plan('LITTLE-one', { 'local/little-one': {} })).toThrow(
    expect.objectContaining({ code: 'catalog_name_taken' }),
  )
})

describe('weights that are there already', () => {
  const name = 'local/first'
  const rows = rowsOf({
    models: { [name]: { listings: [{ provider: 'engine', filePath: '/srv/first.gguf' }] } },
  })
  const sameWeights = {
    ...rows,
    variants: rows.variants.map((variant) => ({ ...variant, weightsSha256: file.sha256 })),
    listings: rows.listings.map((listing) => ({ ...listing, upstreamModel: name })),
  }
  const again = (wish: string | null, isThere: boolean) =>
    planFile(sameWeights, file, {
      engine: ordinaryProvider('engine' as ProviderId),
      path: '/tmp/copy.gguf',
      wish,
      isThere: () => isThere,
      nowMs: 1_000,
      newId: () => 'id',
    })

  it('stay at their place while their file is there: the copy may be deleted', () => {
    expect(again(null, true)).toMatchObject({
      kind: 'known',
      isChanged: false,
      listing: { filePath: '/srv/first.gguf' },
    })
  })

  it('move to the copy when their file is gone', () => {
    expect(again('first', false)).toMatchObject({
      kind: 'known',
      isChanged: true,
      listing: { filePath: '/tmp/copy.gguf' },
    })
  })

  it('take no second name in silence', () => {
    expect(() => again('lion', true)).toThrow(/local\/first already/)
  })
})

it.each([
  ['lion', 'local/lion', false],
  ['Tiger', 'local/Tiger', true],
  ['a b', 'local/a-b', false],
  ['ACME/Cub', 'ACME/Cub', false],
  ['acme/was', 'acme/was', false],
  ['acme/by-alias', 'acme/by-alias', false],
  ['acme/x/y', 'acme/x-y', true],
])('knows beforehand that %s would be %s, and whether that is free', (wish, name, isFree) => {
  const rows = rowsOf({
    models: { 'local/lion': {}, 'local/a-b': {}, 'acme/cub': {} },
    rest: {
      formerNames: [{ publisher: 'acme', name: 'was' }] as never,
      aliases: [{ alias: 'acme/by-alias' }] as never,
    },
  })
  expect(nameWished(rows, wish)).toEqual({ name, isFree })
})
