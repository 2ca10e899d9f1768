import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openScriptedHub, type ScriptedFile, type ScriptedHub } from '../hubs/scripted-hub.ts'
import { type Market, startMarket } from '../support/market.ts'
import { maySkip } from '../support/may-skip.ts'
import { call } from './support/call.ts'
import { lookForDisks, openSmallDisk, type SmallDisk } from './support/small-disk.ts'

const { isMissing, forbidden } = lookForDisks()
const what = 'downloads on a small disk'
const title = forbidden === null ? what : `${what} (forbidden here: ${forbidden})`
const MB = 1_048_576

describe.skipIf(maySkip(isMissing) || forbidden !== null)(title, () => {
  let disk: SmallDisk
  let hub: ScriptedHub
  let market: Market

  beforeEach(async () => {
    disk = await openSmallDisk(500)
    const file = (quant: string): ScriptedFile => ({
      path: `lion-${quant}.gguf`,
      content: randomBytes(60 * MB),
      faults: [{ kind: 'drip', bytes: MB, gapMs: 50 }],
      isFaultForever: true,
    })
    hub = await openScriptedHub([file('Q4_K_M'), file('Q8_0'), file('F16')])
    const env = { HF_ENDPOINT: hub.endpoint, BAIMO_DISK_RESERVE_MB: '64' }
    market = await startMarket({ home: join(disk.path, 'home'), place: disk, env })
  }, 60_000)
  afterEach(async () => {
    disk.empty()
    await market?.stop()
    await hub.close()
    await disk.close()
  })

  async function begin(quant: string) {
    const answer = await call(market, '/api/downloads', { source: `hf:acme/lion-GGUF:${quant}` })
    return { status: answer.status, ...((await answer.json()) as { id: string; code?: string }) }
  }

  const get = async (id: string) =>
    (await (await call(market, `/api/downloads/${id}`)).json()) as Record<string, unknown>

  async function remove(id: string): Promise<number> {
    const answer = await fetch(`${market.url}/api/downloads/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${market.ownerKey}` },
    })
    return answer.status
  }

  const kept = () =>
    readdirSync(join(disk.seen(disk.path), 'home', 'models'), { recursive: true })
      .map(String)
      .filter((path) => /gguf|\.partial.[0-9a-f]/.test(path))

  test('leave the database what it needs, however many begin at once', async () => {
    const begun = await Promise.all(['Q4_K_M', 'Q8_0', 'F16'].map(begin))
    expect(begun.map(({ status }) => status).sort()).toContain(503)
    expect(begun.find(({ status }) => status === 503)?.code).toBe('hubs_disk_full')
    await expect.poll(async () => (await get(begun[0]?.id ?? '')).done_bytes).toBeGreaterThan(MB)
    expect((await call(market, '/api/keys', { name: 'lion' })).status).toBe(201)
  }, 60_000)

  test('can be cancelled where the disk is full, and so make room', async () => {
    const { id } = await begin('Q4_K_M')
    await expect.poll(async () => (await get(id)).done_bytes).toBeGreaterThan(4 * MB)
    disk.fill()
    const writes = async () => (await call(market, '/api/keys', { name: 'lion' })).status
    await expect.poll(writes, { timeout: 5_000, interval: 50 }).toBe(503)
    expect(await remove(id)).toBe(200)
    expect(kept()).toEqual([])
    expect((await get(id)).state).toBe('cancelled')
  }, 60_000)
})
