import { rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeQuickFolder } from '../support/folders.ts'
import { type Market, startMarket } from '../support/market.ts'
import { openScriptedUpstream, type ScriptedUpstream } from '../upstream/scripted-upstream.ts'
import { addUpstream, call } from './support/call.ts'

let home: string
let market: Market
let upstream: ScriptedUpstream

beforeEach(async () => {
  home = makeQuickFolder('baimo-ready-')
  upstream = await openScriptedUpstream({ modelList: { data: [{ id: 'acme/normal' }] } })
  market = await startMarket({ home })
  await addUpstream(market, upstream)
})
afterEach(async () => {
  await market?.stop()
  await upstream.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
})

test('a market that cannot record usage is not ready, and is again once it can', async () => {
  const host = join(home, 'run', 'pg')
  const admin = new pg.Client({ host, user: 'baimo', database: 'baimo' })
  await admin.connect()
  const ready = () =>
    call(market, '/readyz').then(async (answer) => ({
      code: answer.status,
      ...((await answer.json()) as object),
    }))
  const ask = () =>
    call(market, '/v1/chat/completions', {
      model: 'acme/normal',
      messages: [{ role: 'user', content: 'x' }],
    })
  expect(await ready()).toMatchObject({ code: 200, status: 'ready', usage: 'ok' })
  await admin.query('alter table baimo.usage rename to usage_away')
  try {
    expect((await ask()).status).toBe(503)
    const refused = { code: 503, status: 'not_ready', usage: 'unavailable', database: 'ok' }
    expect(await ready()).toMatchObject(refused)
  } finally {
    await admin.query('alter table baimo.usage_away rename to usage')
    await admin.end()
  }
  await expect.poll(ready, { timeout: 10_000 }).toMatchObject({ code: 200, usage: 'ok' })
  expect((await ask()).status).toBe(200)
}, 60_000)
