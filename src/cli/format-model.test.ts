import { expect, it } from 'vitest'
import { describeAdded, describeProposals } from './add.ts'
import type { ListingAnswer, ModelAnswer, PriceAnswer, ProviderAnswer } from './answers.ts'
import { formatFactValue, formatModel, stateOfListing } from './format-model.ts'
import { targetOf } from './model-aliases.ts'
import { formatSide } from './model-proposals.ts'
import { modelRow } from './models.ts'

const known = (value: number | string) =>
  ({ known: true, value, source: 'card', checked_at: '2026-11-25T10:00:00.000Z' }) as const

const listing: ListingAnswer = {
  id: '01a2135c-6ec7-7032-86a5-edc85032f02e',
  model: 'acme/lion',
  provider: { id: '01a2135c-0000-7000-8000-000000000001', name: 'acme', kind: 'openai' },
  upstream_model: 'lion-2',
  file_path: null,
  is_on: true,
  is_live: true,
  position: null,
  facts: { place: known('FR'), law: { known: false } },
  switched_at: null,
  vanished_at: null,
}

const model: ModelAnswer = {
  id: '01a2135c-0000-7000-8000-000000000002',
  name: 'acme/lion',
  publisher: 'acme',
  family: null,
  succeeds: null,
  derived_from: null,
  former_names: [],
  capabilities: null,
  league: 'models',
  is_live: true,
  facts: { parameters_total: known(7_240_000_000), context_tokens: { known: false } },
  variants: [
    {
      id: '01a2135c-0000-7000-8000-000000000003',
      weights_sha256: null,
      quantisation: null,
      upstream_model: 'lion-2',
      first_seen_at: '2026-11-25T10:00:00.000Z',
    },
  ],
  listings: [listing],
}

const resting = {
  ...listing,
  health: {
    state: 'resting',
    until: '2026-11-25T10:05:00.000Z',
    recent_failures: 5,
    last_reason: null,
  },
} as const

it('says of a listing that is not well until when', () => {
  expect(stateOfListing(resting)).toMatch(/^on, but rests until .+ \(5 failures in a minute\)$/)
  const trying = { state: 'trying', until: null, recent_failures: 1, last_reason: null } as const
  expect(stateOfListing({ ...listing, health: trying })).toContain('tried after a rest (1 failure')
  const busy = { state: 'busy', until: null, recent_failures: 0, last_reason: null } as const
  expect(stateOfListing({ ...listing, health: busy })).toBe(
    'on, but busy until soon, by its own word',
  )
  expect(stateOfListing({ ...listing, health: null })).toBe('on')
  expect(modelRow({ ...model, listings: [listing, resting] }).at(-1)).toBe('2 on (1 resting)')
})

const offered = { ...listing, id: 'b', model: 'acme/puma', is_on: false, is_live: false }
const gone = { ...offered, vanished_at: '2026-11-25T10:00:00.000Z' }

it('lists a model in one row, unknown where nobody knows', () => {
  expect(modelRow(model)).toEqual([
    'acme/lion',
    'unknown',
    '7.24 B',
    'unknown',
    'unpriced',
    'acme (FR)',
    '1 on',
  ])
  const nowhere = modelRow({ ...model, listings: [gone] })
  expect(nowhere.slice(-2)).toEqual(['nowhere now', 'none'])
  expect(modelRow({ ...model, listings: [listing, offered] }).at(-1)).toBe('1 on, 1 offered')
})

it('shows every fact with its source', () => {
  const text = formatModel(model)
  expect(text).toContain('  parameters total    7.24 B  (card, 2026-11-25)\n')
  expect(text).toContain('  context tokens      unknown\n')
  expect(text).toContain('    price               unpriced\n')
  expect(text).toContain('    upstream            lion-2\n')
  expect(text).toContain('    first seen          2026-11-25 10:00 UTC\n')
  expect(text).toContain(`  ${listing.id}\n    state               on\n`)
})

it('shows what listings cost, with source and date', () => {
  const price: PriceAnswer = {
    ...{ kind: 'tokens', currency: 'USD', input: '3', output: '15', source: 'contract' },
    from: '2026-08-12T00:00:00.000Z',
  }
  const priced = { ...model, listings: [{ ...listing, price }] }
  expect(formatModel(priced)).toContain(
    '    price               3/15 USD for a million tokens, since 2026-08-12 (contract)\n',
  )
  expect(modelRow(priced)[4]).toBe('3/15 USD')
  expect(modelRow({ ...model, listings: [{ ...listing, price }, listing] })[4]).toBe(
    '3/15 USD, unpriced',
  )
})

it('keeps to the width of a terminal, and breaks no path', () => {
  const [variant] = model.variants
  const weights = { ...variant, weights_sha256: 'a'.repeat(64), quantisation: 'Q4_K_M' }
  const path = `/models/${'deep/'.repeat(20)}lion.gguf`
  const source = 'a contract of many words that says a lot of things about this very model'
  const licence = { ...known('Apache-2.0'), source }
  const wide = {
    ...model,
    facts: { licence },
    variants: [weights] as typeof model.variants,
    listings: [resting, { ...listing, file_path: path }],
  }
  const lines = formatModel(wide, 80).split('\n')
  const long = lines.filter((text) => text.length > 80)
  expect(long.map((text) => text.trim())).toEqual([path])
  expect(lines.join('\n')).toContain(`sha256 ${'a'.repeat(16)}…, Q4_K_M`)
  expect(lines.every((text) => text === '' || /^( {2})*\S/.test(text))).toBe(true)
})

it('tells the states of a listing apart', () => {
  expect(stateOfListing(listing)).toBe('on')
  expect(stateOfListing(offered)).toBe('offered')
  const off = { ...offered, switched_at: '2026-11-25T10:00:00.000Z' }
  expect(stateOfListing(off)).toBe('off')
  expect(modelRow({ ...model, listings: [listing, off] }).at(-1)).toBe('1 on, 1 off')
  expect(stateOfListing(gone)).toBe('gone')
  expect(stateOfListing({ ...listing, is_live: false })).toBe('on, but its provider cannot be used')
})

it('names the units of facts', () => {
  expect(formatFactValue('retention_days', 30)).toBe('30 days')
  expect(formatFactValue('retention_days', 'unlimited')).toBe('unlimited')
  expect(formatFactValue('context_tokens', 32_768)).toBe('32,768 tokens')
  expect(formatFactValue('modalities', ['text', 'image'])).toBe('text, image')
})

it('shows both sides of a proposal with where they are', () => {
  expect(formatSide({ id: 'x', name: 'acme/lion', providers: ['a', 'b'] })).toBe('acme/lion (a, b)')
  expect(formatSide({ id: 'x' })).toBe('x')
})

const provider: ProviderAnswer = {
  id: 'p',
  kind: 'openai',
  name: 'acme',
  base_url: 'https://api.acme.example/v1',
  has_key: true,
  listing_count: 2,
  on_count: 1,
  off_count: 0,
  resilience: { set: {}, in_force: {} },
  refreshed_at: null,
}

it('says after adding what is on, what is offered and how to switch it on', () => {
  expect(describeAdded({ provider, listings: [listing, offered] })).toEqual([
    'Added acme (openai) at https://api.acme.example/v1: 2 models.',
    'On:',
    '  acme/lion',
    'Offered:',
    '  acme/puma',
    'Switch one on: baimo models on acme/puma',
    'Ask it: baimo ask acme/lion "Hello"',
  ])
  const file = { ...listing, file_path: '/models/lion.gguf' }
  expect(describeAdded({ listing: file, model })[0]).toBe('Added /models/lion.gguf.')
})

it('says after adding which models may be the same, and how to say so', () => {
  const kept = { id: 'k', name: 'acme/lion' }
  const other = { id: 'o', name: 'acme/lion@box' }
  const proposal = { id: 'p1', kept, other, reason: 'same name', state: 'open' }
  const added = { provider, listings: [{ ...listing, model: 'acme/lion@box' }] }
  expect(describeProposals(added, [proposal, { ...proposal, state: 'different' }])).toEqual([
    'acme/lion@box may be the same model as acme/lion.',
    '  If it is: baimo models same p1',
  ])
  expect(describeProposals({ provider, listings: [offered] }, [proposal])).toEqual([])
  const many = Array.from({ length: 7 }, () => proposal)
  expect(describeProposals(added, many).at(-1)).toContain('and 2 more')
})

it('an alias of a listing is told by its model and its provider', () => {
  const id = listing.id
  const alias = { alias: 'x', target: id, target_kind: 'listing' } as const
  expect(targetOf({ ...alias, model: 'acme/lion', provider: 'box' })).toBe('acme/lion at box')
  expect(targetOf(alias)).toBe(id)
  expect(targetOf({ alias: 'x', target: 'acme/lion', target_kind: 'model' })).toBe('acme/lion')
})

it('shows the first of many and says how to see the rest', () => {
  const many = Array.from({ length: 25 }, () => offered)
  expect(describeAdded({ provider, listings: many })).toContain('  and 5 more: baimo models')
})
