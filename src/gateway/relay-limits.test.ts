import { describe, expect, it, onTestFinished } from 'vitest'
import {
  chatBody,
  type GatewayWorldOptions,
  openGatewayWorld,
} from '../../tests/support/gateway.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { DEFAULT_RESILIENCE } from '../catalog/index.ts'
import { defineErrors, refusalsOf } from '../kernel/index.ts'
import type { LimitHold } from '../limits/index.ts'

const refuse = refusalsOf(
  defineErrors({
    limits_exceeded: { kind: 'exhausted', title: 'Wait.', isRetryable: true },
    metering_unavailable: { kind: 'unavailable', title: 'Try again.', isRetryable: true },
  }),
)

/** What stands for a hold that ended as if the request had never been. */
const CANCELLED = -1

interface Held {
  readonly estimate: number
  readonly settled: number[]
}

/** Limits that remember every hold and how it ended. */
function watchedLimits(wait?: () => Promise<void> | null) {
  const holds: Held[] = []
  const take: NonNullable<GatewayWorldOptions['takeLimits']> = (_caller, estimate) => {
    const make = (): LimitHold => {
      const held: Held = { estimate, settled: [] }
      holds.push(held)
      return {
        headers: { 'x-ratelimit-remaining-requests': '41' },
        settle: (tokens) => void held.settled.push(tokens),
        cancel: () => void held.settled.push(CANCELLED),
      }
    }
    const waiting = wait?.() ?? null
    return waiting === null ? make() : waiting.then(make)
  }
  return { holds, take }
}

async function open(options: Partial<GatewayWorldOptions> = {}) {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const world = await openGatewayWorld({ endpoint: upstream.endpoint(), ...options })
  return { upstream, world }
}

const sumOf = (tokens: object): number => Object.values(tokens).reduce((sum, n) => sum + n, 0)

describe('the hold of a request', () => {
  it('is taken with the estimate for its listing, and ends with what was recorded', async () => {
    const { holds, take } = watchedLimits()
    const { world } = await open({ takeLimits: take })
    const body = chatBody('normal', { max_tokens: 500 })
    await (await world.post('/chat/completions', body)).text()
    const [usage] = await world.settled(1)
    expect(holds).toEqual([
      { estimate: Math.ceil(body.length / 3) + 500, settled: [sumOf(usage?.tokens ?? {})] },
    ])
    expect(sumOf(usage?.tokens ?? {})).toBeGreaterThan(0)
  })

  it.each([false, true])(
    'says in headers what is left, and the provider does not (stream: %s)',
    async (stream) => {
      const { take } = watchedLimits()
      const { world } = await open({ takeLimits: take })
      for (const mode of ['refuse-429-after', 'normal', 'html-502']) {
        const answer = await world.post('/chat/completions', chatBody(mode, { stream }))
        expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe('41')
        await answer.text()
      }
      const { world: without } = await open({ takeLimits: () => null })
      const answer = await without.post('/chat/completions', chatBody('refuse-429-after'))
      expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    },
  )

  it('is refused at once or later: no provider sees the request', async () => {
    const { upstream, world } = await open({
      takeLimits: () => {
        throw refuse('limits_exceeded', 'Wait.', { retryAfterSeconds: 7 })
      },
    })
    const { world: later } = await open({
      takeLimits: () =>
        Promise.reject(refuse('limits_exceeded', 'Wait.', { retryAfterSeconds: 7 })),
    })
    for (const each of [world, later]) {
      const answer = await each.post('/chat/completions', chatBody('normal'))
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
      expect(each.refusals).toEqual(['limits_exceeded'])
      expect(each.usages).toEqual([])
    }
    expect(upstream.hits).toEqual([])
  })

  it('is given back when the client left while it was waited for', async () => {
    let release = (): void => {}
    const waiting = new Promise<void>((resolve) => {
      release = resolve
    })
    const { holds, take } = watchedLimits(() => waiting)
    const { upstream, world } = await open({ takeLimits: take })
    const signal = AbortSignal.timeout(30)
    await world.post('/chat/completions', chatBody('normal'), { signal }).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 30))
    release()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(holds).toMatchObject([{ settled: [CANCELLED] }])
    expect(upstream.hits).toEqual([])
    expect(world.usages).toEqual([])
  })

  it('is given back when a bug or a resting listing ends the request before its dispatch', async () => {
    const { holds, take } = watchedLimits()
    const { world } = await open({
      takeLimits: take,
      dispatch: () => {
        throw new TypeError('a bug')
      },
    })
    expect((await world.post('/chat/completions', chatBody('normal'))).status).toBe(500)
    expect(holds).toMatchObject([{ settled: [CANCELLED] }])
  })

  it('ends exactly once, with what was recorded, whatever happens', {
    timeout: 60_000,
  }, async () => {
    const random = seededRandom(11)
    const wait = () =>
      random.next() < 0.3
        ? new Promise<void>((resolve) => setTimeout(resolve, random.below(20)))
        : null
    const { holds, take } = watchedLimits(wait)
    const { world } = await open({
      takeLimits: take,
      listing: {
        resilience: {
          ...DEFAULT_RESILIENCE,
          retries: 1,
          keepAliveMs: 15,
          firstByteTimeoutMs: 60,
          idleTimeoutMs: 60,
          hasBreaker: false,
        },
      },
      random: () => random.next() * 0.2,
      record: async () => {
        if (random.next() < 0.1) throw refuse('metering_unavailable', 'Away.')
        await new Promise((resolve) => setTimeout(resolve, random.below(3)))
      },
    })
    const modes = [
      'normal',
      'normal?pieces=20&gap_ms=3',
      'refuse-400',
      'refuse-500',
      'refuse-401',
      'flaky-500',
      'html-200',
      'reset-before',
      'reset-mid-answer',
      'eof-mid-answer',
      'error-mid-answer',
      'stall-before',
      'stall-after-headers',
      'stall-mid-answer',
      'empty-stream',
      'gzip',
      'encoding-broken',
      'busy?retry_after_ms=10',
    ] as const
    const one = async () => {
      const leaving = random.next() < 0.4 ? AbortSignal.timeout(random.below(60)) : null
      const body = chatBody(random.pick(modes), { stream: random.next() < 0.5 })
      const init = leaving === null ? {} : { signal: leaving }
      await world
        .post('/chat/completions', body, init)
        .then((answer) => answer.text())
        .catch(() => undefined)
    }
    for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 20 }, one))
    await world.settled(1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(holds.length).toBeGreaterThan(300)
    expect(holds.filter(({ settled }) => settled.length !== 1)).toEqual([])
    const given = holds.flatMap(({ settled }) => settled).filter((tokens) => tokens > 0)
    const recorded = world.usages.map(({ tokens }) => sumOf(tokens)).filter((tokens) => tokens > 0)
    expect(given.toSorted()).toEqual(recorded.toSorted())
    expect(new Set(world.usages.map(({ id }) => id)).size).toBe(world.usages.length)
    expect(world.gateway.runningCount).toBe(0)
  })
})
