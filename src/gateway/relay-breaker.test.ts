import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, liveListing, openGatewayWorld, until } from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { DEFAULT_RESILIENCE, type Resilience } from '../catalog/index.ts'
import { type ListingId, newId, systemClock } from '../kernel/index.ts'

/** A gateway whose every name is one listing, and whose clock can be put forward. */
async function open(options: { other?: string; resilience?: Partial<Resilience> } = {}) {
  const [first, second] = [await openScriptedUpstream(), await openScriptedUpstream()]
  onTestFinished(async () => {
    await first.close()
    await second.close()
  })
  let aheadMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs }
  const listingId: ListingId = newId<'listing'>()
  const resilience = { ...DEFAULT_RESILIENCE, retries: 0, ...options.resilience }
  const other = liveListing(second.endpoint(), { upstreamModel: options.other ?? '', resilience })
  const world = await openGatewayWorld({
    endpoint: first.endpoint(),
    clock,
    random: () => 0.5,
    listing: { listingId, resilience },
    others: options.other === undefined ? [] : [other],
  })
  const ask = async (mode: string, stream = false) => {
    const answer = await world.post('/chat/completions', chatBody(mode, { stream }))
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  const fail = async (count: number, mode = 'refuse-500') => {
    for (let at = 0; at < count; at += 1) await ask(mode)
  }
  const state = () => world.gateway.health.health(listingId)?.state
  const later = (ms: number) => {
    aheadMs += ms
  }
  return { first, second, world, listingId, otherId: other.listingId, ask, fail, state, later }
}

describe('a listing that fails again and again', () => {
  it.each(['refuse-500', 'html-200', 'reset-before', 'refuse-401', 'bad-http', 'reset-mid-answer'])(
    'rests after five failures (%s): refused at once, told when to come again, and logged',
    async (mode) => {
      const { first, world, listingId, ask, fail, state } = await open()
      await fail(5, mode)
      expect(state()).toBe('open')
      const answer = await ask('normal')
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
      expect(answer.text).toContain('gateway_listing_resting')
      expect(first.calls()).toHaveLength(5)
      expect(world.usages).toHaveLength(5) // what was not dispatched is not recorded
      expect(world.refusals).toEqual(['gateway_listing_resting'])
      expect(world.moves).toEqual([['opened', listingId, '']])
      expect(world.logged.map(({ message }) => message)).toContain(
        'a listing fails again and again and rests',
      )
    },
  )

  it('counts a stream that breaks off in its middle, too', async () => {
    const { ask, state } = await open()
    for (let at = 0; at < 5; at += 1) await ask('eof-mid-answer', true)
    expect(state()).toBe('open')
  })

  it.each(['refuse-400', 'refuse-404', 'refuse-429', 'normal'])(
    'is not one that answers %s',
    async (mode) => {
      const { fail, state } = await open()
      await fail(12, mode)
      expect(state()).toBe('closed')
    },
  )

  it('is not one whose clients leave', async () => {
    const { world, state } = await open()
    for (let at = 0; at < 6; at += 1) {
      const body = chatBody('stall-before', {})
      const signal = AbortSignal.timeout(20)
      await world.post('/chat/completions', body, { signal }).catch(() => undefined)
    }
    await world.settled(6)
    expect(state()).toBe('closed')
  })

  it('is asked on where the owner wants no breaker', async () => {
    const { first, fail } = await open({ resilience: { hasBreaker: false } })
    await fail(12)
    expect(first.calls()).toHaveLength(12)
  })

  it('ends the retries of those who are still at it', async () => {
    const { first, ask, state } = await open({ resilience: { retries: 9 } })
    const answer = await ask('refuse-500')
    expect(answer.status).toBe(500)
    expect(answer.headers.get('x-baimo-route')).toBe('name; attempts=5')
    expect(first.calls()).toHaveLength(5)
    expect(state()).toBe('open')
  })

  it('is passed over for another listing of the model, without a retry', async () => {
    const { first, otherId, world, listingId, ask, fail } = await open({ other: 'acme/normal' })
    await fail(5)
    const answer = await ask('normal')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-baimo-route')).toBe('name; fallback=listing_resting')
    expect(answer.headers.get('x-baimo-listing')).toBe(otherId)
    expect(first.calls()).toHaveLength(5)
    expect(world.moves.at(-1)).toEqual(['fallback', listingId, 'listing_resting'])
  })

  it('is not passed over where the owner wants it alone: the request is refused', async () => {
    const { ask, fail } = await open({ other: 'acme/normal', resilience: { fallsBack: false } })
    await fail(5)
    expect((await ask('normal')).status).toBe(503)
  })

  it('is left for another by a request that waited for it meanwhile', async () => {
    const { second, otherId, ask, fail, state } = await open({
      other: 'acme/flaky-429?retry_after_ms=20',
      resilience: { retries: 2 },
    })
    const waiting = ask('busy?status=503&retry_after_ms=800')
    await second.waitFor(({ hits }) => hits.length === 1)
    await fail(4)
    expect(state()).toBe('open')
    const answer = await waiting
    expect([answer.status, answer.headers.get('x-baimo-listing')]).toEqual([200, otherId])
  })

  it('leaves nothing to ask when all listings rest', async () => {
    const { second, ask, fail } = await open({ other: 'acme/refuse-503' })
    await fail(5)
    expect(second.calls()).toHaveLength(5)
    const answer = await ask('normal')
    expect(answer.text).toContain('gateway_listing_resting')
    expect(answer.headers.get('retry-after')).toBe('5')
  })
})

describe('a listing that has rested', () => {
  it('is tried by one request at first, however many come at once', async () => {
    const { first, fail, ask, later, state } = await open()
    await fail(5)
    later(5_001)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('slow-headers')))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, ...Array(19).fill(503)])
    expect(first.calls()).toHaveLength(6)
    expect(state()).toBe('closed')
    expect((await ask('normal')).status).toBe(200)
  })

  it('is tried by another when the trial says nothing for five seconds', async () => {
    const { first, world, fail, ask, later, state } = await open()
    await fail(5)
    later(5_001)
    const leaving = new AbortController()
    const { signal } = leaving
    const slow = world.post('/chat/completions', chatBody('stall-before'), { signal })
    await first.waitFor(({ hits }) => hits.length === 6)
    expect((await ask('normal')).headers.get('retry-after')).toBe('5')
    later(5_000)
    expect((await ask('normal')).status).toBe(200)
    expect(state()).toBe('closed')
    leaving.abort()
    await slow.catch(() => undefined)
  })

  it('is open to all once the trial’s stream has begun', async () => {
    const { fail, ask, later, state } = await open()
    await fail(5)
    later(5_001)
    const long = ask('normal?pieces=30&gap_ms=20', true)
    await until(() => state() === 'closed')
    expect((await ask('normal')).status).toBe(200)
    expect((await long).text).toContain('[DONE]')
  })

  it('rests twice as long when the trial fails', async () => {
    const { fail, ask, later, state } = await open()
    await fail(5)
    later(5_001)
    expect((await ask('refuse-500')).status).toBe(500)
    expect(state()).toBe('open')
    const refused = await ask('normal')
    expect(Number(refused.headers.get('retry-after'))).toBe(10)
    later(10_001)
    expect((await ask('normal')).status).toBe(200)
  })

  it.each(['refuse-400', 'refuse-429'])(
    'is tried again at once after a trial that says nothing of it (%s)',
    async (mode) => {
      const { fail, ask, later } = await open()
      await fail(5)
      later(5_001)
      await ask(mode)
      expect((await ask('normal')).status).toBe(200)
    },
  )

  it('is tried by the next when the trial’s client leaves', async () => {
    const { first, world, fail, ask, later, state } = await open()
    await fail(5)
    later(5_001)
    const leaving = new AbortController()
    const { signal } = leaving
    const trial = world.post('/chat/completions', chatBody('stall-before'), { signal })
    await first.waitFor(({ hits }) => hits.length === 6)
    expect((await ask('normal')).status).toBe(503)
    leaving.abort()
    await trial.catch(() => undefined)
    await until(() => world.gateway.runningCount === 0)
    expect(state()).toBe('half_open')
    expect((await ask('normal')).status).toBe(200)
    expect(state()).toBe('closed')
  })
})

describe('a busy listing', () => {
  it('is asked last until the time it named', async () => {
    const { first, second, ask, later } = await open({ other: 'acme/normal' })
    const { headers } = await ask('busy?retry_after=60')
    expect(headers.get('x-baimo-route')).toBe('name; attempts=2; fallback=upstream_busy')
    const answer = await ask('normal')
    expect(answer.headers.get('x-baimo-route')).toBe('name; fallback=upstream_busy')
    expect([first.calls().length, second.calls().length]).toEqual([1, 2])
    later(60_001)
    expect((await ask('normal')).headers.get('x-baimo-route')).toBe('name')
  })

  it('is asked before a retry of the only other one, which has failed', async () => {
    const { first, second, ask } = await open({
      other: 'acme/refuse-500',
      resilience: { retries: 2 },
    })
    await ask('busy?retry_after=60')
    const before = [first.calls().length, second.calls().length]
    const answer = await ask('normal')
    expect(answer.status).toBe(200)
    expect([first.calls().length, second.calls().length]).toEqual(before.map((count) => count + 1))
  })

  it('is asked all the same where there is no other', async () => {
    const { ask, state } = await open()
    for (let at = 0; at < 8; at += 1) await ask('busy?retry_after=60')
    expect((await ask('normal')).headers.get('x-baimo-route')).toBe('name')
    expect(state()).toBe('closed')
  })
})
