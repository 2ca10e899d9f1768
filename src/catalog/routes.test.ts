import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestCatalog, type TestCatalog } from '../../tests/support/catalog.ts'
import { openTestStore } from '../../tests/support/database.ts'
import { principalWith } from '../../tests/support/principal.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import { type JsonObject, newId } from '../kernel/index.ts'
import { type JsonRoute, mayCall, type Principal, type Route } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { catalogRoutes } from './index.ts'

let store: Store
let upstream: ScriptedUpstream
let opened: TestCatalog
let routes: Route[]
let folder: string

beforeEach(async () => {
  store = await openTestStore()
  upstream = await openScriptedUpstream({ modelList: ['acme/normal', 'acme/embed', 'bare'] })
  opened = await openTestCatalog(store)
  routes = catalogRoutes(opened.catalog)
  folder = mkdtempSync(join(tmpdir(), 'baimo-catalog-'))
})
afterEach(async () => {
  await opened.close()
  await upstream.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const operator = principalWith({ role: 'admin', isHouse: true })
const member = principalWith({ role: 'member' })

function write(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, 'name: Little')
  return path
}

interface Wish {
  readonly by?: Principal
  readonly params?: object
  readonly query?: object
  readonly body?: object
}

/** Calls a route as http does: input read by its schemas, and the answer checked by its own. */
async function call(method: string, path: string, wish: Wish = {}): Promise<JsonObject> {
  const route = routes.find((each) => each.method === method && each.path === path)
  if (route?.kind !== 'json') throw new Error(`no route ${method} ${path}`)
  const reply = await handle(route, wish)
  return (reply.json ?? {}) as JsonObject
}

async function handle(route: JsonRoute, wish: Wish) {
  const reply = await route.handle({
    principal: wish.by ?? operator,
    params: route.params?.parse(wish.params ?? {}),
    query: route.query?.parse(wish.query ?? {}),
    body: route.body?.parse(wish.body ?? {}),
    requestId: 'r',
    headers: {},
  } as never)
  if (reply.json !== undefined) expect(route.answer?.parse(reply.json)).toEqual(reply.json)
  return reply
}

function add(body: object = {}): Promise<JsonObject> {
  return call('POST', '/api/providers', {
    body: { kind: 'vllm', url: upstream.baseUrl, key: 'sk-secret', ...body },
  })
}

function dataOf(answer: JsonObject): JsonObject[] {
  return answer.data as unknown as JsonObject[]
}

describe('who may call', () => {
  it('lets members look and only operators change', () => {
    for (const route of routes) {
      const isChange = route.method !== 'GET'
      const isPrivate = /providers|proposals/.test(route.path)
      expect([route.path, route.access]).toEqual([
        route.path,
        isChange || isPrivate ? 'operator' : 'member',
      ])
      expect(mayCall(null, route).kind).toBe('key-missing')
    }
  })
})

describe('adding a provider', () => {
  it('answers what is offered, on first, and never shows the key', async () => {
    const answer = await add({ models: ['bare'] })
    expect(answer).toMatchObject({
      provider: { kind: 'vllm', name: 'vllm', has_key: true, listing_count: 3, on_count: 1 },
      listings: [{ upstream_model: 'bare', is_on: true, is_live: true }, {}, {}],
    })
    const everything = await Promise.all([
      call('GET', '/api/providers'),
      call('GET', '/api/models'),
      call('GET', '/api/listings'),
    ])
    expect(JSON.stringify([answer, everything])).not.toContain('sk-secret')
    expect(JSON.stringify([answer, everything])).not.toContain(
      Buffer.from('sk-secret').toString('hex'),
    )
  })

  it.each([
    { url: 'x'.repeat(3_000) },
    { name: 'a\u0000b' },
    { models: Array(501).fill('m') },
    { models: [''] },
    { key: 'k'.repeat(5_000) },
    { kind: 'nobody' },
    { keys: 'sk' },
  ])('refuses a body such as %.60j', async (body) => {
    await expect(add(body)).rejects.toThrow()
    expect(dataOf(await call('GET', '/api/providers'))).toEqual([])
  })

  it('refreshes, shows and removes by id', async () => {
    const { provider } = (await add()) as { provider: JsonObject }
    const params = { id: provider.id }
    await call('POST', '/api/providers/:id/refresh', { params })
    expect(await call('GET', '/api/providers/:id', { params })).toMatchObject({
      provider: { id: provider.id },
    })
    await call('DELETE', '/api/providers/:id', { params })
    await expect(call('GET', '/api/providers/:id', { params })).rejects.toMatchObject({
      code: 'catalog_provider_unknown',
    })
  })
})

describe('resilience', () => {
  it('is set for a provider and for a listing, shown with what is in force, and put back', async () => {
    const { provider } = (await add({ models: ['bare'] })) as { provider: JsonObject }
    const change = (resilience: object) =>
      call('PATCH', '/api/providers/:id', { params: { id: provider.id }, body: { resilience } })
    expect(await change({ retries: 0, max_connections: 3, idle_timeout_ms: 1_000 })).toMatchObject({
      provider: {
        resilience: {
          set: { retries: 0, max_connections: 3, idle_timeout_ms: 1_000 },
          in_force: { retries: 0, falls_back: true, max_connections: 3 },
        },
      },
    })
    const listing = opened.catalog.snapshot().listings[0]
    const patched = await call('PATCH', '/api/listings/:id', {
      params: { id: listing?.listingId },
      body: { resilience: { idle_timeout_ms: 2_000, falls_back: false } },
    })
    expect(patched).toMatchObject({
      is_on: true,
      resilience: {
        set: { idle_timeout_ms: 2_000, falls_back: false },
        in_force: { idle_timeout_ms: 2_000, falls_back: false, retries: 0 },
      },
    })
    expect(opened.catalog.snapshot().listings).toMatchObject([
      {
        endpoint: { maxConnections: 3 },
        resilience: { idleTimeoutMs: 2_000, fallsBack: false, retries: 0, hasBreaker: true },
      },
    ])
    await change({ retries: null, max_connections: null })
    const [live] = opened.catalog.snapshot().listings
    expect(live?.resilience).toMatchObject({ retries: 2, idleTimeoutMs: 2_000 })
    expect(live?.endpoint).not.toHaveProperty('maxConnections')
    const seen = JSON.stringify(await call('GET', '/api/listings', { by: member }))
    expect(seen).not.toContain('resilience')
  })

  it('stays when a provider is refreshed or added again', async () => {
    const { provider } = (await add({ models: ['bare'] })) as { provider: JsonObject }
    const params = { id: provider.id }
    await call('PATCH', '/api/providers/:id', { params, body: { resilience: { retries: 7 } } })
    await call('POST', '/api/providers/:id/refresh', { params })
    await add()
    expect(opened.catalog.snapshot().listings).toMatchObject([{ resilience: { retries: 7 } }])
  })
})

describe('changing a provider', () => {
  it('takes another key and keeps every listing; a wrong one is refused', async () => {
    await upstream.close()
    upstream = await openScriptedUpstream({ modelList: ['bare'], key: 'sk-first' })
    const { provider } = (await add({ key: 'sk-first', models: ['bare'] })) as {
      provider: JsonObject
    }
    const params = { id: provider.id }
    const change = (body: object) => call('PATCH', '/api/providers/:id', { params, body })
    await expect(change({ key: 'sk-second' })).rejects.toMatchObject({
      code: 'providers_key_refused',
    })
    await expect(change({ key: ' ' })).rejects.toMatchObject({ code: 'catalog_key_invalid' })
    await upstream.close() // away, it cannot say
    const changed = await change({ key: 'sk-second', name: 'the box' })
    expect(changed).toMatchObject({
      provider: { name: 'the-box', has_key: true },
      listings: [{ upstream_model: 'bare', is_on: true }],
    })
    expect(JSON.stringify(changed)).not.toContain('sk-second')
    const [live] = opened.catalog.snapshot().listings
    expect(live?.endpoint.authHeader?.value).toBe('Bearer sk-second')
    expect(await change({ key: null })).toMatchObject({ provider: { has_key: false } })
  })

  it('refuses a name that another has, and changes nothing of the engine but its settings', async () => {
    const { provider } = (await add()) as { provider: JsonObject }
    const second = await openScriptedUpstream({ modelList: ['x'] })
    await add({ url: second.baseUrl, name: 'second' })
    await second.close()
    await expect(
      call('PATCH', '/api/providers/:id', {
        params: { id: provider.id },
        body: { name: 'SECOND' },
      }),
    ).rejects.toMatchObject({ code: 'catalog_name_taken' })
    await opened.catalog.addFile({ path: write('a.gguf'), name: null })
    const engine = opened.catalog.rows().providers.find(({ kind }) => kind === 'engine')
    const params = { id: engine?.id }
    await expect(
      call('PATCH', '/api/providers/:id', { params, body: { key: 'k' } }),
    ).rejects.toMatchObject({ code: 'catalog_provider_built_in' })
    const body = { resilience: { retries: 1 } }
    expect(await call('PATCH', '/api/providers/:id', { params, body })).toMatchObject({
      provider: { resilience: { set: { retries: 1 } } },
    })
  })
})

describe('models and listings', () => {
  it('show everything to operators and only what can be used to members', async () => {
    await add({ models: ['acme/normal'] })
    const all = dataOf(await call('GET', '/api/models'))
    const names = all.map((each) => each.name).sort()
    expect(names).toEqual(['acme/embed', 'acme/normal', 'vllm/bare'])
    const seen = dataOf(await call('GET', '/api/models', { by: member }))
    expect(seen).toMatchObject([{ name: 'acme/normal', is_live: true, league: 'models' }])
    expect(JSON.stringify(seen)).not.toContain('file_path')
    const limited = principalWith({ models: ['acme/other'] })
    for (const path of ['/api/models', '/api/listings', '/api/aliases']) {
      expect(dataOf(await call('GET', path, { by: limited }))).toEqual([])
    }
    const named = { by: limited, params: { '*': 'acme/normal' } }
    await expect(call('GET', '/api/models/*', named)).rejects.toMatchObject({
      code: 'catalog_model_unknown',
    })
  })

  it('say of every fact whether it is known', async () => {
    await add({ models: ['acme/normal'] })
    const params = { '*': 'acme%2Fnormal' }
    const changed = await call('PATCH', '/api/models/*', {
      params,
      body: { family: 'acme', facts: { openness: { value: 'closed', source: 'acme.example' } } },
    })
    expect(changed).toMatchObject({
      family: 'acme',
      facts: {
        openness: { known: true, value: 'closed', source: 'acme.example' },
        licence: { known: false },
        parameters_total: { known: false },
      },
      listings: [{ facts: { place: { value: 'this-machine' }, law: { known: false } } }],
    })
    const [listing] = dataOf(await call('GET', '/api/listings'))
    const patched = await call('PATCH', '/api/listings/:id', {
      params: { id: listing?.id },
      body: { is_on: false, facts: { retention_days: { value: 0, source: 'contract of May' } } },
    })
    expect(patched).toMatchObject({ is_on: false, facts: { retention_days: { value: 0 } } })
  })

  it('come in pages that lose and repeat nothing', async () => {
    await add()
    const names: unknown[] = []
    let cursor: string | null = null
    do {
      const query = { limit: '2', ...(cursor === null ? {} : { cursor }) }
      const page: JsonObject = await call('GET', '/api/models', { query })
      names.push(...dataOf(page).map((each) => each.name))
      cursor = page.next_cursor as string | null
    } while (cursor !== null)
    expect(names.sort()).toEqual(['acme/embed', 'acme/normal', 'vllm/bare'])
  })
})

describe('files, aliases and proposals', () => {
  it('add a file, give it an alias, and take the alias away', async () => {
    const path = write('a.gguf')
    const file = await call('POST', '/api/files', { body: { path } })
    expect(file).toMatchObject({
      listing: { file_path: path, is_live: true },
      model: { name: 'local/little', capabilities: ['chat', 'completion', 'embedding'] },
    })
    const alias = await call('PUT', '/api/aliases/:alias', {
      params: { alias: 'gpt-4' },
      body: { target: 'little' },
    })
    expect(alias).toMatchObject({ alias: 'gpt-4', target: 'local/little', target_kind: 'model' })
    expect(dataOf(await call('GET', '/api/aliases', { by: member }))).toHaveLength(1)
    await call('DELETE', '/api/aliases/:alias', { params: { alias: 'gpt-4' } })
    expect(dataOf(await call('GET', '/api/aliases'))).toEqual([])
  })

  it('show a proposal with both names and take the decision', async () => {
    await add({ models: ['acme/normal'] })
    const second = await openScriptedUpstream({ modelList: ['acme/Normal'] })
    await add({ url: second.baseUrl, name: 'second' })
    await second.close()
    const [proposal] = dataOf(await call('GET', '/api/proposals'))
    expect(proposal).toMatchObject({
      kept: { name: 'acme/normal', providers: ['vllm'], is_on: true },
      other: { name: 'acme/Normal@second', providers: ['second'], is_on: false },
    })
    const decided = await call('POST', '/api/proposals/:id', {
      params: { id: proposal?.id },
      body: { decision: 'same' },
    })
    expect(decided).toMatchObject({ state: 'same', decided_by: operator.subjectId })
    const model = await call('GET', '/api/models/*', { params: { '*': 'acme/normal@second' } })
    expect(model).toMatchObject({ name: 'acme/normal', former_names: ['acme/Normal@second'] })
    expect(model.listings).toHaveLength(2)
  })
})

describe('/v1/models', () => {
  it('lists what is live for the key in the shape of the official clients', async () => {
    await add({ models: ['acme/normal'] })
    await new Promise((resolve) => setTimeout(resolve, 2)) // oldest first: another millisecond
    await opened.catalog.addFile({ path: write('a.gguf'), name: 'bare' })
    await opened.catalog.setAlias('gpt-4', 'local/bare')
    expect(await call('GET', '/v1/models', { by: member })).toMatchObject({
      object: 'list',
      data: [
        { id: 'acme/normal', object: 'model', owned_by: 'acme' },
        { id: 'local/bare', owned_by: 'local' },
        { id: 'gpt-4', owned_by: 'local' },
      ],
      has_more: false,
      first_id: 'acme/normal',
      last_id: 'gpt-4',
    })
    const limited = principalWith({ models: ['gpt-4'] })
    const few = dataOf(await call('GET', '/v1/models', { by: limited }))
    expect(few.map((each) => each.id)).toEqual(['local/bare', 'gpt-4'])
    expect(dataOf(await call('GET', '/v1/models', { by: principalWith({ models: [] }) }))).toEqual(
      [],
    )
  })

  it('asks its listings in the owner’s order, which stays when one is off for a while', async () => {
    const second = await openScriptedUpstream({ modelList: ['acme/normal'] })
    await add({ models: ['acme/normal'] })
    const other = (await call('POST', '/api/providers', {
      body: { url: second.baseUrl, kind: 'generic', name: 'second', models: ['acme/normal'] },
    })) as unknown as { listings: { id: string }[] }
    await second.close()
    const [proposal] = dataOf(await call('GET', '/api/proposals'))
    const decision = { params: { id: proposal?.id }, body: { decision: 'same' } }
    await call('POST', '/api/proposals/:id', decision)
    const first = opened.catalog.snapshot().listings[0]?.listingId ?? ''
    const last = other.listings[0]?.id ?? ''
    const params = { '*': 'acme/normal' }
    const order = async (ids: readonly string[]) => {
      const model = await call('PATCH', '/api/models/*', { params, body: { listing_order: ids } })
      return (model.listings as { id: string }[]).map(({ id }) => id)
    }
    const asked = () => {
      const found = opened.catalog.snapshot().resolve('acme/normal', null)
      return found.kind === 'listing' ? found.listing.listingId : null
    }
    expect(asked()).toBe(first)
    expect(await order([last, first])).toEqual([last, first])
    expect(asked()).toBe(last)
    const turn = (isOn: boolean) =>
      call('PATCH', '/api/listings/:id', { params: { id: last }, body: { is_on: isOn } })
    expect(await turn(false)).toMatchObject({ position: 1 })
    expect(asked()).toBe(first)
    await turn(true)
    expect(asked()).toBe(last)
    expect(await order([])).toEqual([first, last])
    await expect(order([newId()])).rejects.toMatchObject({ code: 'catalog_listing_unknown' })
  })

  it('answers to any name of a request, encoded or not, and names the nearest else', async () => {
    await add({ models: ['acme/normal'] })
    for (const name of ['acme/normal', 'acme%2Fnormal', 'ACME/Normal', 'normal']) {
      expect(await call('GET', '/v1/models/*', { params: { '*': name } })).toMatchObject({
        id: 'acme/normal',
      })
    }
    await expect(
      call('GET', '/v1/models/*', { params: { '*': 'acme/nomral' } }),
    ).rejects.toMatchObject({
      code: 'catalog_model_unknown',
      details: { nearest: ['acme/normal'] },
    })
    await expect(
      call('GET', '/v1/models/*', { params: { '*': 'acme/embed' } }),
    ).rejects.toMatchObject({ code: 'catalog_model_off' })
  })
})
