import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTestCatalog, type TestCatalog } from '../../tests/support/catalog.ts'
import { openTestStore } from '../../tests/support/database.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import { newId, type SubjectId } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import type { Catalog } from './index.ts'
import type { NewProvider } from './service-providers.ts'

let store: Store
let upstream: ScriptedUpstream
let opened: TestCatalog
let catalog: Catalog
let folder: string

const LIST = {
  object: 'list',
  data: [
    { id: 'meta-llama/Llama-3.2-3B-Instruct', max_model_len: 8192 },
    { id: 'qwen3:8b' },
    { id: 'nomic-embed-text:latest' },
  ],
}

beforeEach(async () => {
  store = await openTestStore()
  upstream = await openScriptedUpstream({ modelList: LIST })
  opened = await openTestCatalog(store)
  catalog = opened.catalog
  folder = mkdtempSync(join(tmpdir(), 'baimo-catalog-'))
})
afterEach(async () => {
  await opened.close()
  await upstream.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

function add(wish: Partial<NewProvider> = {}) {
  return catalog.addProvider({
    kind: 'vllm',
    url: upstream.baseUrl,
    name: null,
    key: null,
    models: null,
    ...wish,
  })
}

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function names(): string[] {
  return catalog.rows().models.map((model) => `${model.publisher}/${model.name}`)
}

const by = newId() as SubjectId

describe('providers', () => {
  it('offers an upstream’s models and switches on only those that are named', async () => {
    await add({ models: ['qwen3:8b'] })
    expect(names().sort()).toEqual([
      'meta-llama/Llama-3.2-3B-Instruct',
      'vllm/nomic-embed-text:latest',
      'vllm/qwen3:8b',
    ])
    expect(catalog.snapshot().listings.map((each) => each.modelName)).toEqual(['vllm/qwen3:8b'])
    expect(catalog.snapshot().resolve('QWEN3:8B', null)).toMatchObject({
      kind: 'listing',
      listing: { upstreamModel: 'qwen3:8b', endpoint: { baseUrl: upstream.baseUrl } },
    })
    expect(catalog.snapshot().resolve('llama-3.2-3b-instruct', null)).toEqual({
      kind: 'no-live-listing',
      modelName: 'meta-llama/Llama-3.2-3B-Instruct',
    })
  })

  it('keeps a key sealed and uses it', async () => {
    await upstream.close()
    upstream = await openScriptedUpstream({ modelList: LIST, key: 'sk-upstream' })
    await expect(add()).rejects.toMatchObject({ code: 'providers_key_refused' })
    expect(names()).toEqual([])
    await add({ key: 'sk-upstream', models: ['qwen3:8b'] })
    expect(JSON.stringify(catalog.rows())).not.toContain('sk-upstream')
    const [listing] = catalog.snapshot().listings
    expect(listing?.endpoint.authHeader?.value).toBe('Bearer sk-upstream')
  })

  it('keeps what it has when the same address is added again', async () => {
    const first = await add({ models: ['qwen3:8b'] })
    const again = await add({ models: ['nomic-embed-text'] })
    expect(again).toBe(first)
    expect(names()).toHaveLength(3)
    expect(catalog.snapshot().listings.map((each) => each.upstreamModel)).toEqual([
      'qwen3:8b',
      'nomic-embed-text:latest',
    ])
  })

  it('marks what vanished, offers what is new, and switches nothing on by a refresh', async () => {
    const id = await add({ models: ['qwen3:8b'] })
    const address = new URL(upstream.baseUrl)
    await upstream.close()
    // The same provider row is asked at a new server, as after a restart with other models.
    upstream = await openScriptedUpstream({ modelList: ['new/model'] })
    await store.pool.query('update providers set base_url = $1', [upstream.baseUrl])
    await store.pool.query('update catalog_revision set revision = revision + 1')
    await catalog.reloadIfChanged()
    expect(address.port).not.toBe(new URL(upstream.baseUrl).port)
    await catalog.refreshProvider(id)
    expect(catalog.snapshot().listings).toEqual([])
    expect(catalog.rows().listings.filter((each) => each.vanishedAtMs === null)).toMatchObject([
      { upstreamModel: 'new/model', isOn: false },
    ])
    const gone = catalog.rows().listings.find((each) => each.upstreamModel === 'qwen3:8b')
    await expect(catalog.changeListing(gone?.id ?? '', { isOn: true })).rejects.toMatchObject({
      code: 'catalog_listing_vanished',
    })
  })

  it('forgets the key of a removed provider and takes it up again with its listings', async () => {
    const id = await add({ key: 'sk-one', models: ['qwen3:8b'] })
    await catalog.removeProvider(id)
    expect(catalog.snapshot().listings).toEqual([])
    expect(catalog.rows().providers[0]?.sealedKey).toBeNull()
    await expect(catalog.refreshProvider(id)).rejects.toMatchObject({
      code: 'catalog_provider_unknown',
    })
    expect(await add({ models: ['qwen3:8b'] })).toBe(id)
    expect(names()).toHaveLength(3)
    expect(catalog.snapshot().listings).toHaveLength(1)
  })

  it.each([
    [{ kind: null, url: null }, 'catalog_provider_incomplete'],
    [{ kind: 'baimo', url: null }, 'catalog_provider_incomplete'],
    [{ kind: 'engine' }, 'catalog_provider_built_in'],
    [{ kind: 'openai', key: null }, 'catalog_key_missing'],
    [{ key: '' }, 'catalog_key_invalid'],
    [{ key: 'two words' }, 'catalog_key_invalid'],
    [{ url: 'ftp://x' }, 'providers_url_invalid'],
    [{ models: ['qwen3:9b'] }, 'catalog_model_not_offered'],
  ] as [Partial<NewProvider>, string][])('refuses %j with %s', async (wish, code) => {
    await expect(add(wish)).rejects.toMatchObject({ code })
    expect(names()).toEqual([])
  })

  it('refuses an address that leads back to this market, whatever it is said to be', async () => {
    const extra = { '/healthz': { name: 'baimo', market: 'here' } }
    const market = await openScriptedUpstream({ modelList: LIST, extra })
    const here = await openTestCatalog(store, { marketId: 'here' })
    const wish = { url: market.baseUrl, name: null, key: 'k', models: null }
    for (const kind of [null, 'baimo', 'generic'] as const) {
      await expect(here.catalog.addProvider({ ...wish, kind })).rejects.toMatchObject({
        code: 'catalog_provider_itself',
      })
    }
    expect(names()).toEqual([])
    const other = await openTestCatalog(store, { marketId: 'there' })
    const id = await other.catalog.addProvider({ ...wish, kind: null })
    expect(other.catalog.rows().providers.find((each) => each.id === id)?.kind).toBe('baimo')
    await Promise.all([here.close(), other.close(), market.close()])
  })

  it('asks nobody but this machine while it is offline', async () => {
    const offline = await openTestCatalog(store, { isOffline: true })
    const wish = { kind: 'openai', url: null, name: null, key: 'sk', models: null } as const
    await expect(offline.catalog.addProvider(wish)).rejects.toMatchObject({
      code: 'catalog_offline',
    })
    await offline.catalog.addProvider({ ...wish, kind: 'vllm', url: upstream.baseUrl })
    await offline.close()
  })
})

describe('files', () => {
  it('are not added once nobody wants them any more, and tell beforehand what they would be', async () => {
    const path = write('gone.gguf', 'name: Gone')
    const reason = new Error('stopped')
    const wish = { path, name: 'a b', signal: AbortSignal.abort(reason) }
    await expect(catalog.addFile(wish)).rejects.toBe(reason)
    expect(catalog.nameWished('a b')).toEqual({ name: 'local/a-b', isFree: true })
    await catalog.addFile({ path, name: 'a b' })
    expect(catalog.nameWished('A b')).toEqual({ name: 'local/A-b', isFree: false })
  })

  it('adds a file once, on at once, under a name of its own', async () => {
    const path = write('My Model.gguf', 'name: My Model\nquantisation: Q4_K_M')
    const id = await catalog.addFile({ path, name: null })
    expect(await catalog.addFile({ path, name: null })).toBe(id)
    await expect(catalog.addFile({ path, name: 'other' })).rejects.toMatchObject({
      code: 'catalog_file_known',
    })
    expect(names()).toEqual(['local/my-model'])
    expect(catalog.snapshot().resolve('my-model', null)).toMatchObject({
      kind: 'listing',
      listing: {
        contextTokens: 512,
        upstreamModel: 'local/my-model',
        endpoint: { socketPath: '/nowhere/engine.sock', authHeader: null },
      },
    })
    expect(opened.registered.at(-1)).toEqual({ name: 'local/my-model', path })
    const other = write('other.gguf', 'name: My Model\nquantisation: F16')
    await catalog.addFile({ path: other, name: null })
    expect(names()).toEqual(['local/my-model', 'local/my-model-f16'])
    await expect(
      catalog.addFile({ path: write('c.gguf', 'name: C'), name: 'my-model' }),
    ).rejects.toMatchObject({ code: 'catalog_name_taken' })
  })

  it('refuses paths that are not absolute, and files without an engine', async () => {
    await expect(catalog.addFile({ path: 'a.gguf', name: null })).rejects.toMatchObject({
      code: 'catalog_file_path_invalid',
    })
    const without = await openTestCatalog(store, { engine: null })
    await expect(without.catalog.addFile({ path: '/a.gguf', name: null })).rejects.toMatchObject({
      code: 'catalog_engine_absent',
    })
    await without.close()
  })
})

describe('house models', () => {
  const card = JSON.stringify({
    licence: 'Apache-2.0',
    openness: 'fully-open',
    parameters: 316_096,
  })

  it('adds them to the practice league and changes nothing the second time', async () => {
    write('abacus-small.gguf', 'small')
    write('abacus-small.json', card)
    write('abacus-large.gguf', 'large')
    await catalog.addHouseModels(folder)
    expect(names().sort()).toEqual(['baimo/abacus-large', 'baimo/abacus-small'])
    const { revision } = catalog.snapshot()
    await catalog.addHouseModels(folder)
    expect(catalog.snapshot().revision).toBe(revision)
    const small = catalog.rows().models.find((model) => model.name === 'abacus-small')
    expect(small).toMatchObject({ league: 'practice', family: 'abacus' })
    expect(catalog.rows().facts.filter((fact) => fact.subjectId === small?.id)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'openness', value: 'fully-open', source: 'model card' }),
        expect.objectContaining({ name: 'parameters_total', value: 316_096 }),
        expect.objectContaining({ name: 'context_tokens', source: 'the model file' }),
      ]),
    )
  })

  it('takes new weights as a new variant, and leaves off what was switched off', async () => {
    const path = write('abacus-small.gguf', 'first')
    await catalog.addHouseModels(folder)
    const [listing] = catalog.snapshot().listings
    await catalog.changeListing(listing?.listingId ?? '', { isOn: false })
    await catalog.addHouseModels(folder)
    expect(catalog.snapshot().listings).toEqual([])
    write('abacus-small.gguf', 'second')
    await catalog.addHouseModels(folder)
    expect(names()).toEqual(['baimo/abacus-small'])
    const [fresh] = catalog.snapshot().listings
    expect(fresh?.variantId).not.toBe(listing?.variantId)
    expect(fresh?.modelId).toBe(listing?.modelId)
    write('abacus-small.gguf', 'first')
    await catalog.addHouseModels(folder)
    expect(catalog.snapshot().listings).toMatchObject([{ variantId: listing?.variantId }])
    expect(opened.registered.at(-1)).toEqual({ name: 'baimo/abacus-small', path })
  })

  it('leaves auto to others as soon as another chat model is there', async () => {
    write('abacus-small.gguf', 'small')
    await catalog.addHouseModels(folder)
    expect(catalog.snapshot().autoListings).toHaveLength(1)
    await add({ models: ['nomic-embed-text'] })
    expect(catalog.snapshot().autoListings.map((each) => each.league)).toContain('practice')
    await add({ models: ['qwen3:8b'] })
    expect(catalog.snapshot().autoListings.map((each) => each.modelName)).not.toContain(
      'baimo/abacus-small',
    )
  })
})

describe('changes', () => {
  it('renames a model and still answers to its former name', async () => {
    await add({ models: ['qwen3:8b'] })
    const model = catalog.rows().models.find((each) => each.name === 'qwen3:8b')
    if (model === undefined) throw new Error('no model')
    await catalog.changeModel(model.id, { publisher: 'qwen', name: 'Qwen3-8B' })
    for (const name of ['qwen/qwen3-8b', 'vllm/qwen3:8b', 'qwen3:8b']) {
      expect(catalog.snapshot().resolve(name, null)).toMatchObject({
        listing: { modelName: 'qwen/Qwen3-8B' },
      })
      expect(catalog.snapshot().resolve('qwen/Qwen3-8B', [name]).kind).toBe('listing')
    }
    await catalog.changeModel(model.id, { publisher: 'vllm', name: 'qwen3:8b' })
    expect(catalog.snapshot().resolve('qwen/qwen3-8b', null).kind).toBe('listing')
    await expect(
      catalog.changeModel(model.id, { publisher: 'meta-llama', name: 'llama-3.2-3b-INSTRUCT' }),
    ).rejects.toMatchObject({ code: 'catalog_name_taken' })
    // An alias comes first, so a model under it could not be asked for: not even by a former name.
    await catalog.setAlias('qwen/qwen3-8b', 'meta-llama/llama-3.2-3b-instruct')
    await expect(
      catalog.changeModel(model.id, { publisher: 'qwen', name: 'Qwen3-8B' }),
    ).rejects.toMatchObject({ code: 'catalog_name_taken' })
  })

  it('keeps facts with their source, and takes them back to unknown', async () => {
    await add()
    const [model] = catalog.rows().models
    if (model === undefined) throw new Error('no model')
    await catalog.changeModel(model.id, {
      facts: { licence: { value: 'llama3.2', source: 'its model card' } },
    })
    const licence = () => catalog.rows().facts.find((fact) => fact.name === 'licence')
    expect(licence()).toMatchObject({ value: 'llama3.2', source: 'its model card' })
    await catalog.changeModel(model.id, { facts: { licence: null } })
    expect(licence()).toBeUndefined()
    for (const facts of [
      { licence: 'MIT' },
      { colour: { value: 'red', source: 'x' } },
      { openness: { value: 'open', source: 'x' } },
      { parameters_total: { value: 1.5, source: 'x' } },
      { licence: { value: 'MIT', source: '' } },
      { licence: { value: 'M\u0000IT', source: 'x' } },
    ]) {
      await expect(catalog.changeModel(model.id, { facts })).rejects.toMatchObject({
        code: 'catalog_fact_invalid',
      })
    }
  })

  it('lets an alias lead to a model or to one listing', async () => {
    await add({ models: ['qwen3:8b'] })
    await catalog.setAlias('gpt-4', 'qwen3:8b')
    expect(catalog.snapshot().resolve('GPT-4', null)).toMatchObject({ how: 'alias' })
    const [listing] = catalog.snapshot().listings
    await catalog.setAlias('gpt-4', listing?.listingId ?? '')
    expect(catalog.rows().aliases).toMatchObject([{ target: { kind: 'listing' } }])
    for (const [alias, code] of [
      ['auto', 'catalog_name_invalid'],
      ['auto:cheap', 'catalog_name_invalid'],
      [newId(), 'catalog_name_invalid'],
      ['two words', 'catalog_name_invalid'],
      ['VLLM/qwen3:8b', 'catalog_name_taken'],
    ] as const) {
      await expect(catalog.setAlias(alias, 'qwen3:8b')).rejects.toMatchObject({ code })
    }
    await expect(catalog.setAlias('a', 'nothing-like-it')).rejects.toMatchObject({
      code: 'catalog_model_unknown',
    })
    await catalog.removeAlias('GPT-4')
    expect(catalog.snapshot().resolve('gpt-4', null).kind).toBe('unknown')
    await expect(catalog.removeAlias('gpt-4')).rejects.toMatchObject({
      code: 'catalog_alias_unknown',
    })
  })
})

describe('proposals', () => {
  it('proposes two of one name, merges them on the operator’s word, and parts them', async () => {
    await add({ models: ['meta-llama/Llama-3.2-3B-Instruct'] })
    const second = await openScriptedUpstream({ modelList: ['meta-llama/llama-3.2-3b-instruct'] })
    await add({ url: second.baseUrl, name: 'box', models: ['meta-llama/llama-3.2-3b-instruct'] })
    const [proposal] = catalog.rows().proposals
    expect(proposal).toMatchObject({ state: 'open' })
    const otherName = 'meta-llama/llama-3.2-3b-instruct@box'
    expect(catalog.snapshot().resolve(otherName, null)).toMatchObject({
      listing: { modelName: otherName },
    })
    await catalog.decideProposal(proposal?.id ?? '', { sameness: 'same', by })
    expect(catalog.snapshot().listings.map((each) => each.modelName)).toEqual([
      'meta-llama/Llama-3.2-3B-Instruct',
      'meta-llama/Llama-3.2-3B-Instruct',
    ])
    expect(catalog.snapshot().resolve(otherName, null).kind).toBe('listing')
    expect(catalog.rows().proposals).toMatchObject([{ state: 'same', decidedBy: by }])
    await catalog.decideProposal(proposal?.id ?? '', { sameness: 'different', by })
    expect(catalog.snapshot().resolve(otherName, null)).toMatchObject({
      listing: { modelName: otherName },
    })
    expect(catalog.rows().proposals).toHaveLength(1)
    await second.close()
  })

  it.each([
    ['in the order of the merges', ['b', 'a']],
    ['the other way round', ['a', 'b']],
  ])('gives every model its own back after a chain of merges, %s', async (_, order) => {
    const c = await add({ models: ['qwen3:8b'] })
    const a = await openScriptedUpstream({ modelList: ['a/same'] })
    await add({ url: a.baseUrl, name: 'a', models: ['a/same'] })
    const b = await openScriptedUpstream({ modelList: ['b/same'] })
    await add({ url: b.baseUrl, name: 'b', models: ['b/same'] })
    const oldest = catalog.rows().models.find((model) => model.name === 'qwen3:8b')
    if (oldest === undefined) throw new Error('no model')
    const [bIntoA] = catalog.rows().proposals
    await catalog.decideProposal(bIntoA?.id ?? '', { sameness: 'same', by })
    await catalog.changeModel(oldest.id, { publisher: 'c', name: 'same' })
    await catalog.refreshProvider(c)
    const aIntoC = catalog.rows().proposals.find((each) => each.keptModelId === oldest.id)
    await catalog.decideProposal(aIntoC?.id ?? '', { sameness: 'same', by })
    expect(catalog.snapshot().listings.map((each) => each.modelName)).toEqual(
      Array.from({ length: 3 }, () => 'c/same'),
    )
    for (const each of order) {
      const id = each === 'b' ? bIntoA?.id : aIntoC?.id
      await catalog.decideProposal(id ?? '', { sameness: 'different', by })
    }
    const served = catalog.snapshot().listings.map((each) => [each.upstreamModel, each.modelName])
    expect(Object.fromEntries(served)).toEqual({
      'qwen3:8b': 'c/same',
      'a/same': 'a/same',
      'b/same': 'b/same',
    })
    await Promise.all([a.close(), b.close()])
  })
})

describe('several processes', () => {
  it('see each other’s changes by the revision, and add the house models once', async () => {
    const other = await openTestCatalog(store)
    write('abacus-small.gguf', 'small')
    await Promise.all([
      catalog.addHouseModels(folder),
      other.catalog.addHouseModels(folder),
      add({ models: ['qwen3:8b'] }),
    ])
    await other.catalog.reloadIfChanged()
    await catalog.reloadIfChanged()
    expect(names()).toHaveLength(4)
    expect(other.catalog.rows()).toEqual(catalog.rows())
    await other.close()
  })

  it('see each other’s changes by themselves while they watch', async () => {
    const other = await openTestCatalog(store)
    const stop = other.catalog.watch(60_000)
    await add({ models: ['qwen3:8b'] })
    await vi.waitFor(() => expect(other.catalog.rows()).toEqual(catalog.rows()))
    write('a.gguf', 'name: A')
    await catalog.addFile({ path: join(folder, 'a.gguf'), name: null })
    await vi.waitFor(() => expect(other.registered).toHaveLength(1))
    write('b.gguf', 'name: B')
    await catalog.addFile({ path: join(folder, 'b.gguf'), name: null })
    await vi.waitFor(() => expect(other.registered).toHaveLength(2))
    expect(other.registered.map(({ name }) => name)).toEqual(['local/a', 'local/b'])
    await stop()
    await catalog.setAlias('gpt-4', 'qwen3:8b')
    await setTimeout(50)
    expect(other.catalog.rows().aliases).toEqual([])
    await other.close()
  })

  it('leaves out a provider whose key does not open', async () => {
    await add({ key: 'sk-one', models: ['qwen3:8b'] })
    const strange = await openTestCatalog(store, {
      secrets: {
        seal: () => '',
        open() {
          throw new Error('another key')
        },
      },
    })
    expect(strange.catalog.snapshot().resolve('qwen3:8b', null).kind).toBe('no-live-listing')
    await strange.close()
  })
})
