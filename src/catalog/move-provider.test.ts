import { afterEach, beforeEach, expect, it } from 'vitest'
import { openTestCatalog, type TestCatalog } from '../../tests/support/catalog.ts'
import { openTestStore } from '../../tests/support/database.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import type { Store } from '../store/index.ts'
import type { Catalog } from './index.ts'

let store: Store
let upstream: ScriptedUpstream
let opened: TestCatalog
let catalog: Catalog

beforeEach(async () => {
  store = await openTestStore()
  const ids = ['meta-llama/Llama-3.2-3B-Instruct', 'qwen3:8b', 'nomic-embed-text:latest']
  upstream = await openScriptedUpstream({ modelList: { data: ids.map((id) => ({ id })) } })
  opened = await openTestCatalog(store)
  catalog = opened.catalog
})
afterEach(async () => {
  await opened.close()
  await upstream.close()
  await store.close()
})

function add(key: string | null) {
  const wish = { kind: 'vllm', url: upstream.baseUrl, name: null, key } as const
  return catalog.addProvider({ ...wish, models: ['qwen3:8b'] })
}

it('a provider moves to another address with its listings, whose place is unknown then', async () => {
  const id = await add('sk-one')
  const [listing] = catalog.snapshot().listings
  await catalog.changeListing(String(listing?.listingId), {
    facts: { place: { value: 'FR', source: 'contract' } },
  })
  const second = await openScriptedUpstream({ modelList: { data: [{ id: 'qwen3:8b' }] } })
  const url = second.baseUrl
  await expect(catalog.changeProvider(id, { url })).rejects.toMatchObject({
    code: 'catalog_key_missing',
  })
  await catalog.changeProvider(id, { url, key: 'sk-two' })
  const [moved, ...more] = catalog.snapshot().listings
  expect(more).toEqual([])
  expect(moved).toMatchObject({ listingId: listing?.listingId, endpoint: { baseUrl: url } })
  expect(moved?.endpoint.authHeader?.value).toContain('sk-two')
  expect(catalog.rows().facts.filter(({ name }) => name === 'place')).toEqual([])
  const gone = catalog.rows().listings.filter(({ vanishedAtMs }) => vanishedAtMs !== null)
  expect(gone).toHaveLength(2)
  await second.close()
  await expect(catalog.changeProvider(id, { url: `${url}/other` })).rejects.toMatchObject({
    code: 'providers_unreachable',
    message: expect.stringContaining(`Asked: ${url}/other.`),
  })
})

it('a provider keeps its key and its facts at another path of the same server', async () => {
  const id = await add('sk-one')
  const [listing] = catalog.snapshot().listings
  await catalog.changeListing(String(listing?.listingId), {
    facts: { law: { value: 'FR', source: 'contract' } },
  })
  await catalog.changeProvider(id, { url: `${upstream.baseUrl}/models` })
  expect(catalog.snapshot().listings[0]?.endpoint.authHeader?.value).toContain('sk-one')
  expect(catalog.rows().facts.filter(({ name }) => name === 'law')).toHaveLength(1)
})
