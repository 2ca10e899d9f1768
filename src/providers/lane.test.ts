import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBlackHole } from '../../tests/upstream/black-hole.ts'
import { collect } from '../../tests/upstream/collect.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import type { Endpoint } from '../catalog/index.ts'
import { newId } from '../kernel/index.ts'
import { openProviders, type Providers, type ProvidersOptions } from './index.ts'

let upstream: ScriptedUpstream
let providers: Providers | null = null
beforeEach(async () => {
  upstream = await openScriptedUpstream()
})
afterEach(async () => {
  await upstream.close()
  await providers?.close()
})

function open(options: ProvidersOptions = {}): Providers {
  providers = openProviders(options)
  return providers
}

function ask(mode: string, endpoint: Endpoint = upstream.endpoint(), options = {}) {
  const body = Buffer.from(JSON.stringify({ model: `acme/${mode}`, messages: [], stream: true }))
  return collect(providers ?? open(), endpoint, body, options)
}

describe('a provider that stalls', () => {
  it('under 2,000 requests holds its own connections alone: another answers as ever', async () => {
    open()
    const good = await openScriptedUpstream()
    const stalled = Array.from({ length: 2_000 }, () => ask('stall-before'))
    await upstream.waitFor((up) => up.calls().length === 64)
    const startedMs = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => ask('normal', good.endpoint()).done),
    )
    const tookMs = performance.now() - startedMs
    expect(answers.every(({ status, errorCode }) => status === 200 && errorCode === null)).toBe(
      true,
    )
    expect(tookMs).toBeLessThan(3_000)
    const refused = await Promise.all(stalled.slice(64 + 1_024).map((each) => each.done))
    expect(new Set(refused.map((each) => each.errorCode))).toEqual(new Set(['providers_saturated']))
    expect(refused).toHaveLength(2_000 - 64 - 1_024)
    expect(upstream.calls()).toHaveLength(64)
    for (const each of stalled) each.abort()
    await Promise.all(stalled.map((each) => each.done))
    await good.close()
  })

  it('keeps no more bodies in line than its share, and one however large', async () => {
    open({ connections: 1, maxQueuedBytes: 150 })
    const running = ask('stall-before')
    await upstream.waitFor((up) => up.calls().length === 1)
    const large = collect(
      providers ?? open(),
      upstream.endpoint(),
      Buffer.from(JSON.stringify({ model: 'acme/normal', messages: [], padding: 'x'.repeat(500) })),
    )
    expect((await ask('normal').done).errorCode).toBe('providers_saturated')
    running.abort()
    expect((await large.done).status).toBe(200)
    expect((await ask('normal').done).status).toBe(200)
  })
})

describe('the time to connect', () => {
  it('is the request’s own, and ends what hangs while it connects', async () => {
    open({ connections: 2 })
    const hole = await openBlackHole()
    const endpoint = upstream.endpoint({ baseUrl: hole.baseUrl, providerId: newId<'provider'>() })
    for (const connectTimeoutMs of [120, 300]) {
      const startedMs = performance.now()
      const answer = await ask('normal', endpoint, { connectTimeoutMs }).done
      const tookMs = performance.now() - startedMs
      expect([answer.errorCode, answer.error?.message]).toEqual([
        'providers_timeout',
        'The provider accepted no connection in time.',
      ])
      expect(tookMs).toBeGreaterThan(connectTimeoutMs - 20)
      expect(tookMs).toBeLessThan(connectTimeoutMs + 400)
    }
    expect(hole.taken()).toBe(2)
    await hole.close()
  })

  it('does not run while all connections are busy, nor once the request is on its way', async () => {
    open({ connections: 1 })
    const first = ask('slow-headers', upstream.endpoint(), { connectTimeoutMs: 100 })
    const second = ask('normal', upstream.endpoint(), { connectTimeoutMs: 100 })
    expect((await first.done).status).toBe(200)
    expect((await second.done).status).toBe(200)
  })
})

describe('the bound', () => {
  it('of a provider is kept, and each connection is used again', async () => {
    open()
    const endpoint = upstream.endpoint({ maxConnections: 3 })
    const ports = new Set<number | undefined>()
    let most = 0
    const all = Array.from({ length: 60 }, () => ask('normal?gap_ms=1', endpoint))
    const watch = setInterval(() => {
      most = Math.max(most, upstream.calls().filter((hit) => !hit.isAnswered).length)
    }, 1)
    await Promise.all(all.map((each) => each.done))
    clearInterval(watch)
    for (const hit of upstream.calls()) ports.add(hit.port)
    expect(most).toBeLessThanOrEqual(3)
    expect(ports.size).toBe(3)
  })

  it('changes without a restart: up lets who waits go, down cuts no stream', async () => {
    open()
    const endpoint = (maxConnections: number) => upstream.endpoint({ maxConnections })
    const running = [1, 2].map(() => ask('normal?gap_ms=40', endpoint(2)))
    await upstream.waitFor((up) => up.calls().length === 2)
    const waiting = [1, 2].map(() => ask('stall-before', endpoint(2)))
    expect(upstream.calls()).toHaveLength(2)
    const more = ask('normal?gap_ms=40', endpoint(5))
    await upstream.waitFor((up) => up.calls().length === 5)
    const less = ask('normal', endpoint(1))
    const whole = await Promise.all([...running, more].map((each) => each.done))
    for (const { body, errorCode } of whole) {
      expect(errorCode).toBeNull()
      expect(body.toString()).toContain('[DONE]')
    }
    expect(upstream.calls()).toHaveLength(5)
    for (const each of waiting) each.abort()
    expect((await less.done).status).toBe(200)
    expect(upstream.calls()).toHaveLength(6)
  })
})
