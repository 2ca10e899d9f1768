import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  openScriptedHub,
  type ScriptedFile,
  type ScriptedHub,
  sha256Of,
} from '../../tests/hubs/scripted-hub.ts'
import { newId, silentLog } from '../kernel/index.ts'
import { openProviders } from '../providers/index.ts'
import { hubsOf } from './known-hubs.ts'
import { parseSource } from './parse-source.ts'
import { openHubs } from './service.ts'
import type { HubCatalog, HubServices, HubsOptions } from './types.ts'

const providers = openProviders()
afterAll(() => providers.close())

let folder = ''
let hub: ScriptedHub
let file: ScriptedFile
let hubs: HubServices
const added: Parameters<HubCatalog['addFile']>[0][] = []
const taken = new Set<string>()
const source = parseSource('hf:acme/lion-GGUF')

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-hubs-'))
  file = { path: 'lion.Q4_K_M.gguf', content: randomBytes(300_000) }
  hub = await openScriptedHub([file])
  hubs = await openHubs(options())
  added.length = 0
  taken.clear()
})
afterEach(async () => {
  await hubs.close()
  await hub.close()
  rmSync(folder, { recursive: true, force: true })
})

function options(more: Partial<HubsOptions> = {}): HubsOptions {
  return {
    hubs: hubsOf(
      {
        hf: { endpoint: hub.endpoint, token: null },
        ms: { endpoint: hub.endpoint, token: null },
      },
      [],
    ),
    folder: join(folder, 'models'),
    download: providers.download,
    catalog: {
      liveModelOf: () => null,
      isTaken: (name) => taken.has(name),
      async addFile(wish) {
        added.push(wish)
        return { listingId: newId(), modelName: wish.modelName, path: wish.path }
      },
    },
    isOffline: false,
    log: silentLog,
    nowMs: () => Date.now(),
    timing: { idleTimeoutMs: 200, retryDelaysMs: [0, 5, 5] },
    ...more,
  }
}

async function ended(id: string) {
  for (;;) {
    const view = hubs.get(id)
    if (['done', 'failed', 'cancelled'].includes(view.state)) return view
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function until(isSo: () => boolean) {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a plan', () => {
  it.each(['hf', 'ms'])('tells what %s has before anything is fetched', async (prefix) => {
    const plan = await hubs.plan(parseSource(`${prefix}:acme/lion-GGUF`), null)
    expect(plan).toMatchObject({
      licence: 'apache-2.0',
      modelName: 'acme/lion:Q4_K_M',
      missingBytes: 300_000,
      sameAs: null,
    })
    expect(plan.freeBytes).toBeGreaterThan(0)
    expect(hub.fileRequests()).toEqual([])
  })

  it.each([
    [404, 'hubs_not_found'],
    [401, 'hubs_access_refused'],
    [429, 'hubs_rate_limited'],
    [500, 'hubs_unreachable'],
  ])('is refused where the hub says %i', async (status, code) => {
    hub.apiAnswer = { status }
    await expect(hubs.plan(source, null)).rejects.toMatchObject({ code })
  })

  it('is refused where something else than a hub answers, or nothing', async () => {
    hub.apiAnswer = { status: 200, body: '<html>' }
    await expect(hubs.plan(source, null)).rejects.toMatchObject({ code: 'hubs_answer_invalid' })
    await hub.close()
    await expect(hubs.plan(source, null)).rejects.toMatchObject({
      code: 'hubs_unreachable',
      message: expect.stringContaining('Check HF_ENDPOINT, which is http://127.0.0.1'),
    })
  })

  it('is refused offline', async () => {
    const offline = await openHubs(options({ isOffline: true }))
    await expect(offline.plan(source, null)).rejects.toMatchObject({ code: 'hubs_offline' })
    expect(hub.requests).toEqual([])
  })
})

describe('a download', () => {
  it('ends as a model with its licence and where that was read', async () => {
    const { id } = await hubs.start(source, null)
    const view = await ended(id)
    expect(view).toMatchObject({ state: 'done', doneBytes: 300_000, modelName: 'acme/lion:Q4_K_M' })
    const [one] = added
    expect(one).toMatchObject({
      licence: 'apache-2.0',
      source: `${hub.endpoint}/acme/lion-GGUF`,
      modelName: 'acme/lion:Q4_K_M',
    })
    expect(readFileSync(one?.path ?? '').equals(file.content)).toBe(true)
  })

  it('is joined by a second wish for the same', async () => {
    file.faults = [{ kind: 'stall', afterBytes: 1_000 }]
    const [first, second] = await Promise.all([
      hubs.start(source, null),
      hubs.start(parseSource('hf:acme/lion-GGUF:q4_k_m'), null).then((view) => view),
    ])
    const third = await hubs.start(source, null)
    expect([second.id, third.id]).toEqual([first.id, first.id])
    await ended(first.id)
    expect(added).toHaveLength(1)
  })

  it('brings the parts of a split model together', async () => {
    const parts = [1, 2, 3].map((part) => ({
      path: `q/lion-Q4_K_M-0000${part}-of-00003.gguf`,
      content: randomBytes(1_000 * part),
    }))
    hub.files.splice(0, 1, ...parts)
    const view = await ended((await hubs.start(source, null)).id)
    expect(view).toMatchObject({ state: 'done', sizeBytes: 6_000 })
    const path = added[0]?.path ?? ''
    expect(path).toMatch(/lion-Q4_K_M-00001-of-00003\.gguf$/)
    expect(readdirSync(join(path, '..'))).toHaveLength(3)
  })

  it('adds nothing where what came is wrong', async () => {
    file.toldSha256 = 'f'.repeat(64)
    const view = await ended((await hubs.start(source, null)).id)
    expect(view).toMatchObject({ state: 'failed', error: { code: 'hubs_checksum_wrong' } })
    expect(added).toEqual([])
    expect(readdirSync(join(folder, 'models', '.partial'))).toEqual([])
  })

  it('can be cancelled, and leaves nothing then', async () => {
    file.faults = [{ kind: 'stall', afterBytes: 1_000 }]
    const { id } = await hubs.start(source, null)
    await until(() => hubs.get(id).doneBytes > 0)
    expect(await hubs.cancel(id)).toMatchObject({ state: 'cancelled' })
    expect(readdirSync(join(folder, 'models', '.partial'))).toEqual([])
    await expect(hubs.cancel(id)).rejects.toMatchObject({ code: 'hubs_download_ended' })
    expect(() => hubs.get(newId())).toThrow('No download has that id')
  })

  it('can be given up where it failed, and leaves nothing then', async () => {
    const stalls = Array.from({ length: 4 }, () => ({ kind: 'cut', afterBytes: 0 }) as const)
    file.faults = [{ kind: 'cut', afterBytes: 50_000 }, ...stalls]
    const failed = await ended((await hubs.start(source, null)).id)
    expect(readdirSync(join(folder, 'models', '.partial'))).not.toEqual([])
    expect(await hubs.cancel(failed.id)).toMatchObject({ state: 'cancelled', error: null })
    expect(readdirSync(join(folder, 'models', '.partial'))).toEqual([])
  })

  it('goes on at the next start where the market stopped', async () => {
    file.faults = [{ kind: 'stall', afterBytes: 100_000 }]
    const { id } = await hubs.start(source, null)
    await until(() => hubs.get(id).doneBytes === 100_000)
    await hubs.close()
    hubs = await openHubs(options())
    expect((await ended(id)).state).toBe('done')
    expect(hub.fileRequests().at(-1)?.headers.range).toBe('bytes=100000-')
  })

  it('waits at the next start where that is offline', async () => {
    file.faults = [{ kind: 'stall', afterBytes: 100_000 }]
    const { id } = await hubs.start(source, null)
    await until(() => hubs.get(id).doneBytes > 0)
    await hubs.close()
    const count = hub.requests.length
    hubs = await openHubs(options({ isOffline: true }))
    expect(hubs.get(id)).toMatchObject({ state: 'waiting', waitsFor: 'BAIMO_OFFLINE is set' })
    expect(hub.requests).toHaveLength(count)
  })

  it('goes on with what a failed one left', async () => {
    const stalls = Array.from({ length: 4 }, () => ({ kind: 'cut', afterBytes: 0 }) as const)
    file.faults = [{ kind: 'cut', afterBytes: 50_000 }, ...stalls]
    const failed = await ended((await hubs.start(source, null)).id)
    expect(failed.error?.code).toBe('hubs_cut_off')
    file.faults = []
    expect((await hubs.plan(source, null)).missingBytes).toBe(250_000)
    expect((await ended((await hubs.start(source, null)).id)).state).toBe('done')
    expect(hub.fileRequests().at(-1)?.headers.range).toBe('bytes=50000-')
  })

  it('is refused where the disk has no room', async () => {
    file.toldBytes = 2 ** 52
    await expect(hubs.start(source, null)).rejects.toMatchObject({
      code: 'hubs_disk_full',
      message: expect.stringMatching(/needs [\d,]+ MB more, and [\d,]+ MB are free/),
    })
    expect(hub.fileRequests()).toEqual([])
  })

  it('takes another name than a model has that is there, unless a person chose it', async () => {
    taken.add('acme/lion:Q4_K_M').add('mine/lion')
    const { id, modelName } = await hubs.start(source, null)
    expect(modelName).toBe(`acme/lion:Q4_K_M@${sha256Of(file.content).slice(0, 8)}`)
    await ended(id)
    await expect(hubs.start(source, 'mine/lion')).rejects.toMatchObject({ code: 'hubs_name_taken' })
  })

  it('keeps one copy where the weights lie elsewhere already', async () => {
    const elsewhere = join(folder, 'elsewhere.gguf')
    const catalog: HubCatalog = {
      liveModelOf: () => 'local/lion',
      isTaken: () => false,
      addFile: async () => ({ listingId: newId(), modelName: 'local/lion', path: elsewhere }),
    }
    hubs = await openHubs(options({ catalog }))
    expect((await hubs.plan(source, null)).sameAs).toBe('local/lion')
    expect((await ended((await hubs.start(source, null)).id)).modelName).toBe('local/lion')
    const place = join(
      folder,
      'models',
      'hf',
      'acme',
      'lion-GGUF',
      sha256Of(file.content).slice(0, 12),
    )
    expect(existsSync(join(place, file.path))).toBe(false)
  })
})
