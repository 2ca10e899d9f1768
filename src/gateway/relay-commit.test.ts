import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, openGatewayWorld, until } from '../../tests/support/gateway.ts'
import { eventsOf } from '../../tests/upstream/collect.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { defineErrors, refusalsOf } from '../kernel/index.ts'
import type { GatewayParts } from './index.ts'

const refuse = refusalsOf(
  defineErrors({
    metering_unavailable: { kind: 'unavailable', title: 'Try again.', isRetryable: true },
  }),
)

async function open(record: GatewayParts['record']) {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  return openGatewayWorld({ endpoint: upstream.endpoint(), record })
}

/** A commit that waits until it is let go. */
function heldCommit() {
  const limitsMs: number[] = []
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const record = (_usage: unknown, timeoutMs: number) => {
    limitsMs.push(timeoutMs)
    return released
  }
  return { record, release: () => release(), limitsMs }
}

/** What has arrived of an answer's body so far, without waiting for its end. */
function readSoFar(answer: Response): { text: () => string; ended: Promise<void> } {
  const chunks: Uint8Array[] = []
  const reader = answer.body?.getReader()
  const readAll = async (): Promise<void> => {
    for (;;) {
      const step = await reader?.read()
      if (step === undefined || step.done) return
      chunks.push(step.value)
    }
  }
  return { text: () => Buffer.concat(chunks).toString(), ended: readAll() }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 60))

describe('while nothing may be dispatched', () => {
  it('a request is refused by the words of the house, and no provider sees it', async () => {
    const upstream = await openScriptedUpstream()
    onTestFinished(() => upstream.close())
    const world = await openGatewayWorld({
      endpoint: upstream.endpoint(),
      mayDispatch: () => {
        throw refuse('metering_unavailable', 'Try again.', { retryAfterSeconds: 1 })
      },
    })
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(world).toMatchObject({ usages: [], refusals: ['metering_unavailable'] })
    expect(upstream.hits).toEqual([])
  })
})

describe('while the usage is not committed', () => {
  it.each(['normal', 'stall-after-done', 'usage-late', 'done-split'])(
    'a stream (%s) has said all but its terminal event',
    async (mode) => {
      const held = heldCommit()
      const world = await open(held.record)
      const body = chatBody(mode, { stream: true, stream_options: { include_usage: true } })
      const answer = await world.post('/chat/completions', body)
      const soFar = readSoFar(answer)
      await until(() => held.limitsMs.length === 1)
      await pause()
      const { chunks, isDone } = eventsOf(Buffer.from(soFar.text()))
      expect(isDone).toBe(false)
      expect(chunks.at(-1)).toHaveProperty('usage.completion_tokens', 8)
      held.release()
      await soFar.ended
      expect(eventsOf(Buffer.from(soFar.text())).isDone).toBe(true)
      expect(held.limitsMs).toEqual([5_000])
    },
  )

  it('a stream without [DONE] does not end', async () => {
    const held = heldCommit()
    const world = await open(held.record)
    const answer = await world.post('/chat/completions', chatBody('no-done', { stream: true }))
    const soFar = readSoFar(answer)
    let hasEnded = false
    void soFar.ended.then(() => {
      hasEnded = true
    })
    await until(() => held.limitsMs.length === 1)
    await pause()
    expect(soFar.text()).toContain('"finish_reason":"stop"')
    expect(hasEnded).toBe(false)
    held.release()
    await soFar.ended
  })

  it('a whole answer shows not even its status', async () => {
    const held = heldCommit()
    const world = await open(held.record)
    let hasStatus = false
    const answering = world.post('/chat/completions', chatBody('normal')).then((answer) => {
      hasStatus = true
      return answer
    })
    await until(() => held.limitsMs.length === 1)
    await pause()
    expect(hasStatus).toBe(false)
    held.release()
    expect((await answering).status).toBe(200)
  })

  it.each(['refuse-500', 'html-502'])(
    'a failure before the answer (%s) waits too',
    async (mode) => {
      const held = heldCommit()
      const world = await open(held.record)
      let hasStatus = false
      const answering = world.post('/chat/completions', chatBody(mode)).then(() => {
        hasStatus = true
      })
      await until(() => held.limitsMs.length === 1)
      await pause()
      expect(hasStatus).toBe(false)
      held.release()
      await answering
    },
  )

  it('a stream that broke off does not say so', async () => {
    const held = heldCommit()
    const world = await open(held.record)
    const answer = await world.post(
      '/chat/completions',
      chatBody('eof-mid-answer', { stream: true }),
    )
    const soFar = readSoFar(answer)
    await until(() => held.limitsMs.length === 1)
    await pause()
    expect(soFar.text()).not.toContain('error')
    held.release()
    await soFar.ended
    expect(soFar.text()).toContain('gateway_upstream_ended_early')
  })

  it('a client that leaves changes nothing: it was answered, once', async () => {
    const held = heldCommit()
    const world = await open(held.record)
    const leaving = new AbortController()
    const answering = world.post('/chat/completions', chatBody('normal'), {
      signal: leaving.signal,
    })
    await until(() => held.limitsMs.length === 1)
    leaving.abort()
    await expect(answering).rejects.toThrow()
    await pause()
    held.release()
    const usages = await world.settled(1)
    expect(usages).toMatchObject([{ outcome: 'answered', source: 'reported' }])
  })
})

describe('when the usage cannot be committed', () => {
  const record = () =>
    Promise.reject(
      refuse('metering_unavailable', 'The database is away.', { retryAfterSeconds: 2 }),
    )

  it('a whole answer is withheld: 503, and when to come again', async () => {
    const world = await open(record)
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('2')
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'metering_unavailable' } })
    expect(text).not.toContain('Hello')
    expect(world.usages).toHaveLength(1)
  })

  it('a stream ends in an error event and no [DONE]', async () => {
    const world = await open(record)
    const answer = await world.post('/chat/completions', chatBody('normal', { stream: true }))
    const { chunks, isDone } = eventsOf(Buffer.from(await answer.text()))
    expect(isDone).toBe(false)
    expect(chunks.at(-1)).toMatchObject({ error: { code: 'metering_unavailable' } })
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
  })

  it('a refusal of the provider’s is shown all the same: nothing was used', async () => {
    const world = await open(record)
    const answer = await world.post('/chat/completions', chatBody('refuse-400'))
    expect(answer.status).toBe(400)
  })

  it('a record() that throws something odd does not end the process', async () => {
    const world = await open(() => {
      throw 'text'
    })
    const answer = await world.post('/chat/completions', chatBody('normal'))
    expect(answer.status).toBe(502)
    expect(world.gateway.runningCount).toBe(0)
  })
})
