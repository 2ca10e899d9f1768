import type { LookupFunction } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { collect } from '../../tests/upstream/collect.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { newId } from '../kernel/index.ts'
import { openProviders } from './index.ts'
import { shareLookup } from './share-lookup.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

it('asks once for a name while it is being asked, and anew afterwards', () => {
  const asked: [string, (address: string) => void][] = []
  const resolve: LookupFunction = (hostname, _options, done) =>
    void asked.push([hostname, (address) => done(null, address, 4)])
  const lookup = shareLookup(resolve)
  const said: unknown[] = []
  const ask = (name: string, options = {}) =>
    lookup(name, options, (_error, address) => said.push([name, address]))
  ask('a.example')
  ask('a.example')
  ask('b.example')
  ask('a.example', { family: 6 })
  expect(asked.map(([name]) => name)).toEqual(['a.example', 'b.example', 'a.example'])
  asked[0]?.[1]('192.0.2.1')
  expect(said).toEqual([
    ['a.example', '192.0.2.1'],
    ['a.example', '192.0.2.1'],
  ])
  ask('a.example')
  expect(asked).toHaveLength(4)
})

it('keeps a name that never resolves from holding more than one question', async () => {
  let hangingCount = 0
  const lookup: LookupFunction = (hostname, _options, done) => {
    if (hostname === 'dead.example') hangingCount += 1
    else done(null, [{ address: '127.0.0.1', family: 4 }])
  }
  const upstream = await openScriptedUpstream()
  const providers = openProviders({ lookup })
  closers.push(upstream.close, () => providers.close())
  const body = { model: 'acme/normal', messages: [] } as never
  const dead = upstream.endpoint({
    baseUrl: 'http://dead.example/v1',
    providerId: newId<'provider'>(),
  })
  const lost = Array.from({ length: 64 }, () =>
    collect(providers, dead, body, { connectTimeoutMs: 200 }),
  )
  const { port } = new URL(upstream.baseUrl)
  const alive = upstream.endpoint({ baseUrl: `http://alive.example:${port}/v1` })
  expect((await collect(providers, alive, body).done).status).toBe(200)
  const codes = (await Promise.all(lost.map((each) => each.done))).map((each) => each.errorCode)
  expect(new Set(codes)).toEqual(new Set(['providers_timeout']))
  expect(hangingCount).toBe(1)
})
