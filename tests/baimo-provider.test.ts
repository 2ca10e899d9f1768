import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../src/kernel/index.ts'
import { type Market, startMarket } from './support/market.ts'
import { describeProviderContract } from './upstream/provider-contract.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

const SMALL = 'baimo/abacus-small'

describeProviderContract('another Baimo, with a house model', async () => {
  const market = await startMarket()
  return {
    endpoint: {
      providerId: newId<'provider'>(),
      dialect: 'openai',
      baseUrl: `${market.url}/v1`,
      socketPath: null,
      authHeader: { name: 'authorization', value: `Bearer ${market.ownerKey}` },
      quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
    },
    model: SMALL,
    completionModel: SMALL,
    embeddingModel: SMALL,
    unknownModel: 'baimo/no-such-model',
    close: () => market.stop(),
  }
})

describe('a provider added over the API', () => {
  const shared: { market?: Market; upstream?: ScriptedUpstream } = {}
  beforeAll(async () => {
    shared.market = await startMarket()
    shared.upstream = await openScriptedUpstream({
      key: 'sk-upstream',
      modelList: ['acme/normal', 'acme/giant-line', 'bare:latest'],
    })
  })
  afterAll(async () => {
    await shared.upstream?.close()
    await shared.market?.stop()
  })

  async function api(method: string, path: string, body?: object) {
    const answer = await fetch(`${shared.market?.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${shared.market?.ownerKey}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, text, json: text === '' ? null : JSON.parse(text) }
  }
  const ask = (model: string) =>
    api('POST', '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hi' }] })

  it('may be another Baimo, which says so itself, but never this one', async () => {
    const url = shared.market?.url ?? ''
    for (const kind of [undefined, 'generic']) {
      const refused = await api('POST', '/api/providers', { url, kind, key: 'k' })
      expect([refused.status, refused.json.code]).toEqual([409, 'catalog_provider_itself'])
    }
    const other = await startMarket()
    const added = await api('POST', '/api/providers', { url: other.url, key: other.ownerKey })
    expect(added.json.provider).toMatchObject({ kind: 'baimo', base_url: `${other.url}/v1` })
    const { id } = added.json.provider
    expect((await api('DELETE', `/api/providers/${id}`)).status).toBe(204)
    await other.stop()
  })

  it('is asked only for what the operator switched on', async () => {
    const added = await api('POST', '/api/providers', {
      kind: 'vllm',
      url: shared.upstream?.baseUrl,
      key: 'sk-upstream',
      models: ['bare'],
    })
    expect(added.status).toBe(201)
    expect(added.text).not.toContain('sk-upstream')
    expect((await ask('bare:latest')).json.choices[0].message.content).toContain('Hello')
    expect((await ask('acme/normal')).status).toBe(404)
    const listing = added.json.listings.find(
      (each: { upstream_model: string }) => each.upstream_model === 'acme/normal',
    )
    await api('PATCH', `/api/listings/${listing.id}`, { is_on: true })
    expect((await ask('acme/normal')).status).toBe(200)
    expect((await ask(listing.id)).status).toBe(200)
  })

  it('answers under names with a slash, encoded or not, and under an alias', async () => {
    for (const name of ['acme/normal', 'acme%2Fnormal', 'normal']) {
      expect((await api('GET', `/v1/models/${name}`)).json.id).toBe('acme/normal')
      expect((await api('GET', `/api/models/${name}`)).json.name).toBe('acme/normal')
    }
    const set = await api('PUT', '/api/aliases/team%2Fbest', { target: 'acme/normal' })
    expect(set.status).toBe(200)
    expect((await ask('team/best')).status).toBe(200)
    expect((await api('DELETE', '/api/aliases/team%2Fbest')).status).toBe(204)
    const unknown = await ask('acme/nomral')
    expect(unknown.status).toBe(404)
    expect(unknown.text).toContain('acme/normal')
  })

  it('shows no key anywhere', async () => {
    const paths = ['/api/providers', '/api/models', '/api/listings', '/api/status', '/v1/models']
    const answers = await Promise.all(paths.map((path) => api('GET', path)))
    expect(answers.map((answer) => answer.status)).toEqual(paths.map(() => 200))
    expect(answers.map((answer) => answer.text).join()).not.toContain('sk-upstream')
    expect(shared.market?.output()).not.toContain('sk-upstream')
  })

  it('refuses bad input in one clear line', async () => {
    for (const [path, body, status] of [
      ['/api/providers', {}, 400],
      ['/api/providers', { url: 'http://169.254.169.254' }, 400],
      ['/api/providers', { url: 'http://user:pw@example.com' }, 400],
      ['/api/providers', { kind: 'vllm', url: 'http://127.0.0.1:9' }, 502],
      ['/api/files', { path: 'relative.gguf' }, 400],
      ['/api/files', { path: '/nowhere/at-all.gguf' }, 400],
      ['/api/files', { path: `${import.meta.dirname}/baimo-provider.test.ts` }, 400],
    ] as const) {
      const answer = await api('POST', path, body)
      expect([body, answer.status, answer.json.detail]).toEqual([
        body,
        status,
        expect.stringMatching(/^[^\n]+$/),
      ])
    }
  })
})
