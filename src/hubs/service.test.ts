import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ScriptedFile, type ScriptedHub, sha256Of } from '../../tests/hubs/scripted-hub.ts'
import { openTestDownloads, type TestDownloads, until } from '../../tests/support/downloads.ts'
import { newId } from '../kernel/index.ts'
import { parseSource } from './parse-source.ts'
import { openHubs } from './service.ts'
import type { HubCatalog, HubServices, HubsOptions } from './types.ts'

let test: TestDownloads
let folder = ''
let hub: ScriptedHub
let file: ScriptedFile
let hubs: HubServices
let added: TestDownloads['added']
let taken: TestDownloads['taken']
const source = parseSource('hf:acme/lion-GGUF')

beforeEach(async () => {
  test = await openTestDownloads()
  ;({ folder, hub, file, hubs, added, taken } = test)
})
afterEach(async () => {
  await hubs.close()
  await test.close()
})

const options = (more: Partial<HubsOptions> = {}) => test.options(more)

async function ended(id: string) {
  await until(() => ['done', 'failed', 'cancelled'].includes(hubs.get(id).state))
  return hubs.get(id)
}

describe('an offer', () => {
  it.each(['hf', 'ms'])('tells what %s has before anything is fetched', async (prefix) => {
    const offer = await hubs.offer(parseSource(`${prefix}:acme/lion-GGUF`), null)
    expect(offer).toMatchObject({
      licence: 'apache-2.0',
      modelName: 'acme/lion:Q4_K_M',
      missingBytes: 300_000,
      sameAs: null,
    })
    expect(offer.freeBytes).toBeGreaterThan(0)
    expect(hub.fileRequests()).toEqual([])
  })

  it.each([
    [404, 'hubs_not_found'],
    [401, 'hubs_access_refused'],
    [429, 'hubs_rate_limited'],
    [500, 'hubs_unreachable'],
  ])('is refused where the hub says %i', async (status, code) => {
    hub.apiAnswer = { status }
    await expect(hubs.offer(source, null)).rejects.toMatchObject({ code })
  })

  it('is refused where something else than a hub answers, or nothing', async () => {
    hub.apiAnswer = { status: 200, body: '<html>' }
    await expect(hubs.offer(source, null)).rejects.toMatchObject({ code: 'hubs_answer_invalid' })
    await hub.close()
    await expect(hubs.offer(source, null)).rejects.toMatchObject({
      code: 'hubs_unreachable',
      message: expect.stringContaining('Check HF_ENDPOINT, which is http://127.0.0.1'),
    })
  })

  it('is refused offline', async () => {
    const offline = await openHubs(options({ isOffline: true }))
    await expect(offline.offer(source, null)).rejects.toMatchObject({ code: 'hubs_offline' })
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
    expect((await hubs.offer(source, null)).missingBytes).toBe(250_000)
    expect((await ended((await hubs.start(source, null)).id)).state).toBe('done')
    expect(hub.fileRequests().at(-1)?.headers.range).toBe('bytes=50000-')
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
      nameWished: (name) => ({ name, isFree: true }),
      isListed: () => false,
      addFile: async () => ({ listingId: newId(), modelName: 'local/lion', path: elsewhere }),
    }
    hubs = await openHubs(options({ catalog }))
    expect((await hubs.offer(source, null)).sameAs).toBe('local/lion')
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
