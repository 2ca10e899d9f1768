import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, SMALL } from '../support/engine.ts'
import { type Market, startMarket } from '../support/market.ts'
import { call } from './support/call.ts'
import { askOnce, closePools, expectExactBooks, readUsage } from './support/load.ts'
import { processesOf } from './support/processes.ts'

/** Long enough that the line is full while the first are answered. */
const form = { name: 'short', schema: { type: 'string', minLength: 16 } }
const shape = { response_format: { type: 'json_schema' as const, json_schema: form } }

/** More than run at a time and wait in line together: 4 and 64. */
const BURST = 90

let market: Market

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
  const burst = Array.from({ length: BURST }, async () => {
    const answer = await call(market, '/v1/chat/completions', ask('Tell me.', shape))
    return {
      id: answer.headers.get('x-request-id'),
      status: answer.status,
      isWhole: true,
      text: await answer.text(),
    }
  })
  const isFull = async (): Promise<number> => {
    const status = (await (await call(market, '/api/status')).json()) as {
      engine: { queue_length: number }
    }
    return status.engine.queue_length
  }
  await expect.poll(isFull, { timeout: 10_000, interval: 20 }).toBeGreaterThan(40)
  process.kill(processesOf(market).engine() ?? 0, 'SIGKILL')
  const answers = await Promise.all(burst)
  // Who got no answer is told so in the dialect, and by nothing else.
  for (const { status, text } of answers) {
    expect([200, 429, 502, 503, 504]).toContain(status)
    if (status !== 200) expect(JSON.parse(text)).toHaveProperty('error.code')
  }
  const again = await askOnce(market, { model: SMALL, isStream: false })
  expect(again.status, again.text).toBe(200)
  const told = answers.map((answer) => ({ ...first, ...answer }))
  expectExactBooks(await readUsage(market), [first, ...told, again])
}, 90_000)
