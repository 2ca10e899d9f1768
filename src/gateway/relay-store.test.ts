import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openTestStore } from '../../tests/support/database.ts'
import { chatBody, openGatewayWorld } from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { silentLog } from '../kernel/index.ts'
import { openMetering } from '../metering/index.ts'
import type { Store } from '../store/index.ts'

let store: Store
beforeAll(async () => {
  store = await openTestStore()
})
beforeEach(async () => {
  await store.pool.query('truncate usage')
})
afterAll(() => store.close())

async function open() {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const metering = openMetering({ store, log: silentLog })
  const world = await openGatewayWorld({
    endpoint: upstream.endpoint(),
    record: metering.record,
  })
  return { upstream, world, metering }
}

async function rowOf(id: string | null) {
  const { rows } = await store.pool.query(
    'select outcome, source, output_tokens::int from usage where id = $1',
    [id],
  )
  return rows
}

describe('the relay on a real database', () => {
  it('has committed the usage when the last byte arrives, for 100 clients at once', async () => {
    const { world, upstream } = await open()
    await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        const mode = ['normal', 'no-done', 'usage-absent', 'refuse-500', 'eof-mid-answer'][at % 5]
        const body = chatBody(mode ?? '', { stream: at % 2 === 0 && mode !== 'refuse-500' })
        const answer = await world.post('/chat/completions', body)
        await answer.text()
        const rows = await rowOf(answer.headers.get('x-request-id'))
        expect(rows, mode).toHaveLength(1)
        if (mode === 'normal') {
          expect(rows).toEqual([{ outcome: 'answered', source: 'reported', output_tokens: 8 }])
        }
      }),
    )
    const { rows } = await store.pool.query(
      'select count(*)::int as records, count(distinct id)::int as ids from usage',
    )
    expect(rows).toEqual([{ records: 100, ids: 100 }])
    expect(upstream.calls()).toHaveLength(100)
  })

  it('adds up to what the upstream would bill', async () => {
    const { world, upstream } = await open()
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const body = chatBody(`normal?pieces=${at + 1}`, { stream: at % 2 === 0, n: 1 + (at % 3) })
        await (await world.post('/chat/completions', body)).text()
      }),
    )
    const billed = upstream
      .calls()
      .reduce((sum, { usage }) => sum + Number(usage?.total_tokens ?? 0), 0)
    const { rows } = await store.pool.query(
      'select sum(input_tokens + cached_input_tokens + cache_write_tokens + output_tokens + reasoning_tokens)::int as total from usage',
    )
    expect(billed).toBeGreaterThan(1_000)
    expect(rows).toEqual([{ total: billed }])
  })

  it('shows all of a stream but its end while the database is away', async () => {
    const { world } = await open()
    const blocker = await store.pool.connect()
    await blocker.query('begin')
    await blocker.query('lock table usage in access exclusive mode')
    const answer = await world.post('/chat/completions', chatBody('normal', { stream: true }))
    let text = ''
    const reading = (async () => {
      for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString()
    })()
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(text).toContain('"finish_reason":"stop"')
    expect(text).not.toContain('[DONE]')
    await blocker.query('rollback')
    blocker.release()
    await reading
    expect(text).toContain('[DONE]')
    expect(await rowOf(answer.headers.get('x-request-id'))).toHaveLength(1)
  })

  it('answers an error event when the database stays away, and still records once', async () => {
    const { world, metering } = await open()
    const blocker = await store.pool.connect()
    await blocker.query('begin')
    await blocker.query('lock table usage in access exclusive mode')
    const startedMs = performance.now()
    const [whole, stream] = await Promise.all([
      world.post('/chat/completions', chatBody('normal')),
      world.post('/chat/completions', chatBody('normal', { stream: true })),
    ])
    const text = await stream.text()
    expect(performance.now() - startedMs).toBeGreaterThan(4_900)
    expect(whole.status).toBe(503)
    expect(text).toContain('metering_unavailable')
    expect(text).not.toContain('[DONE]')
    await blocker.query('rollback')
    blocker.release()
    await metering.drain(2_000)
    for (const answer of [whole, stream]) {
      const rows = await rowOf(answer.headers.get('x-request-id'))
      expect(rows).toEqual([{ outcome: 'answered', source: 'reported', output_tokens: 8 }])
    }
  })
})
