import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeProviderContract } from '../../tests/upstream/provider-contract.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import { openProviders, type Providers } from './index.ts'

describeProviderContract('the scripted upstream on a unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baimo-socket-'))
  const upstream = await openScriptedUpstream({ socketPath: join(folder, 'up.sock') })
  return {
    endpoint: upstream.endpoint({ baseUrl: 'http://engine.localhost/v1' }),
    model: 'acme/normal',
    completionModel: 'acme/normal',
    embeddingModel: 'acme/normal',
    unknownModel: 'acme/refuse-404',
    async close() {
      await upstream.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})

let providers: Providers
let upstream: ScriptedUpstream | undefined

beforeEach(() => {
  providers = openProviders({ listTimeoutMs: 300, connectTimeoutMs: 300 })
})
afterEach(async () => {
  await providers.close()
  await upstream?.close()
  upstream = undefined
})

describe('the model list', () => {
  it('is asked for with the key, and a wrong or missing one is told apart from the rest', async () => {
    upstream = await openScriptedUpstream({ key: 'sk-good' })
    const good = upstream.endpoint()
    expect(await providers.listModels(good)).not.toHaveLength(0)
    const none = upstream.endpoint({ authHeader: null })
    await expect(providers.listModels(none)).rejects.toMatchObject({
      code: 'providers_key_refused',
      message: 'The provider wants a key: give one.',
    })
  })

  it.each([['<html>'], [{ error: 'no' }], [42]])('refuses %j for a list', async (modelList) => {
    upstream = await openScriptedUpstream({ modelList: modelList as never })
    await expect(providers.listModels(upstream.endpoint())).rejects.toMatchObject({
      code: 'providers_bad_response',
      param: 'url',
    })
  })

  it('waits no longer than its bound, and reads no more than its bound', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/v1/models') return // never
      response.end('x'.repeat(20 * 1024 * 1024))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    upstream = await openScriptedUpstream()
    const slow = upstream.endpoint({ baseUrl: `http://127.0.0.1:${port}/v1` })
    await expect(providers.listModels(slow)).rejects.toMatchObject({ code: 'providers_timeout' })
    const large = upstream.endpoint({ baseUrl: `http://127.0.0.1:${port}/large` })
    const patient = openProviders({ listTimeoutMs: 20_000 })
    await expect(patient.listModels(large)).rejects.toMatchObject({
      code: 'providers_bad_response',
    })
    await patient.close()
    server.closeAllConnections()
    server.close()
  })

  it('says that nobody is there', async () => {
    upstream = await openScriptedUpstream()
    const endpoint = upstream.endpoint()
    await upstream.close()
    await expect(providers.listModels(endpoint)).rejects.toMatchObject({
      code: 'providers_unreachable',
    })
  })
})

describe('what answers at an address', () => {
  it.each([
    [{ '/api/version': { version: '0.12.3' } }, { kind: 'ollama', version: '0.12.3' }],
    [
      { '/props': { default_generation_settings: {}, build_info: 'b8681' } },
      { kind: 'llamacpp', version: 'b8681' },
    ],
    [{ '/version': { version: '0.11.0' } }, { kind: 'vllm', version: '0.11.0' }],
    [{ '/api/v0/models': { data: [] } }, { kind: 'lmstudio', version: null }],
    [
      { '/version': { version: 7 }, '/props': {} },
      { kind: 'generic', version: null },
    ],
    [
      { '/healthz': { status: 'ok', name: 'baimo', market: 'm1' } },
      { kind: 'baimo', version: null, marketId: 'm1' },
    ],
    [{ '/healthz': { status: 'ok' } }, { kind: 'generic', version: null }],
    [{}, { kind: 'generic', version: null }],
  ])('is told by its signs: %j', async (extra, identity) => {
    upstream = await openScriptedUpstream({ extra: extra as never })
    expect(await providers.identifyServer(upstream.baseUrl)).toEqual({
      marketId: null,
      ...identity,
    })
    for (const hit of upstream.hits) expect(hit.headers.authorization).toBeUndefined()
  })

  it('is told by the host for services, without asking', async () => {
    expect(await providers.identifyServer('https://api.mistral.ai/v1')).toEqual({
      kind: 'mistral',
      version: null,
      marketId: null,
    })
  })

  it('may be a market, which says which it is', async () => {
    const extra = { '/healthz': { name: 'baimo', market: 'm1' } }
    upstream = await openScriptedUpstream({ extra })
    expect(await providers.marketAt(upstream.baseUrl)).toBe('m1')
    expect(await providers.marketAt('http://127.0.0.1:9')).toBeNull()
    expect(await providers.marketAt('https://api.mistral.ai/v1')).toBeNull()
  })

  it('is generic where nobody answers', async () => {
    expect(await providers.identifyServer('http://127.0.0.1:9')).toMatchObject({ kind: 'generic' })
  })
})

it('looks for local servers within a bounded time', async () => {
  const startedMs = performance.now()
  const found = await providers.discoverLocalServers()
  expect(performance.now() - startedMs).toBeLessThan(2_000)
  for (const server of found) expect(server.baseUrl).toMatch(/^http:\/\/localhost:\d+\/v1$/)
})
