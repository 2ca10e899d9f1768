import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, SMALL } from '../support/engine.ts'
import { type Market, startMarket } from '../support/market.ts'
import { call } from './support/call.ts'
import { type Asked, askOnce, closePools, expectExactBooks, readUsage } from './support/load.ts'
import { processesOf } from './support/processes.ts'

/** Long enough that the line is full while the first are answered. */
const form = { name: 'short', schema: { type: 'string', minLength: 16 } }
const shape = { response_format: { type: 'json_schema' as const, json_schema: form } }

/** More than run at a time and wait in line together: 4 and 64. */
const BURST = 90

/** Those that wait for their answer after the kill; the others leave when these have theirs. */
const PATIENT = 12

let market: Market

/** What became of one of the burst. */
async function tell(like: Asked, signal: AbortSignal | undefined): Promise<Asked> {
  try {
    const answer = await fetch(`${market.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(ask('Tell me.', shape)),
      ...(signal === undefined ? {} : { signal }),
    })
    const { status, headers } = answer
    return { ...like, id: headers.get('x-request-id'), status, text: await answer.text() }
  } catch {
    return { ...like, id: null, status: null, isWhole: false }
  }
}

beforeEach(async () => {
  market = await startMarket()
}, 60_000)
afterEach(async () => {
  await closePools()
  await market.stop()
})

test('an engine killed with its line full answers everybody, and comes back', async () => {
  const first = await askOnce(market, { model: SMALL, isStream: false })
  expect(first.status, first.text).toBe(200)
  const impatience = new AbortController()
  const told = Array.from({ length: BURST }, (_, at) =>
    tell(first, at < PATIENT ? undefined : impatience.signal),
  )
  const isFull = async (): Promise<number> => {
    const status = (await (await call(market, '/api/status')).json()) as {
      engine: { queue_length: number }
    }
    return status.engine.queue_length
  }
  await expect.poll(isFull, { timeout: 10_000, interval: 20 }).toBeGreaterThan(40)
  process.kill(processesOf(market).engine() ?? 0, 'SIGKILL')
  const answers = await Promise.all(told.slice(0, PATIENT))
  impatience.abort()
  // Who got no answer is told so in the dialect, and by nothing else.
  for (const { status, text } of answers) {
    expect([200, 429, 502, 503, 504]).toContain(status)
    if (status !== 200) expect(JSON.parse(text)).toHaveProperty('error.code')
  }
  const again = await askOnce(market, { model: SMALL, isStream: false })
  expect(again.status, again.text).toBe(200)
  expectExactBooks(await readUsage(market), [first, ...(await Promise.all(told)), again])
}, 90_000)
