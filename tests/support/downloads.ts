import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { hubsOf } from '../../src/hubs/known-hubs.ts'
import { parseSource } from '../../src/hubs/parse-source.ts'
import { openHubs } from '../../src/hubs/service.ts'
import type { AddedFile, HubCatalog, HubServices, HubsOptions } from '../../src/hubs/types.ts'
import { newId, silentLog } from '../../src/kernel/index.ts'
import { openProviders, type Providers } from '../../src/providers/index.ts'
import { openScriptedHub, type ScriptedFile, type ScriptedHub } from '../hubs/scripted-hub.ts'
import { hashHere } from './hash-here.ts'

/** Downloads from a hub of one repository into a folder of their own; the catalog adds all. */
export interface TestDownloads {
  hubs: HubServices
  readonly hub: ScriptedHub
  /** The only file of the hub, 300 kB. */
  readonly file: ScriptedFile
  readonly folder: string
  readonly added: AddedFile[]
  /** Names that are not free. */
  readonly taken: Set<string>
  /** Files that a listing is of. */
  readonly listed: Set<string>
  readonly catalog: HubCatalog
  options(more?: Partial<HubsOptions>): HubsOptions
  /** Begins with the options changed. */
  reopen(more?: Partial<HubsOptions>): Promise<void>
  start(source?: string, name?: string | null): Promise<string>
  ended(id: string): Promise<ReturnType<HubServices['get']>>
  /** All files of the folder for models, without notes. */
  kept(): string[]
  /** Everything in the folder for models but the notes. */
  entries(): string[]
  close(): Promise<void>
}

export async function openTestDownloads(): Promise<TestDownloads> {
  const folder = mkdtempSync(join(tmpdir(), 'baimo-hubs-'))
  const file: ScriptedFile = { path: 'lion.Q4_K_M.gguf', content: randomBytes(300_000) }
  const hub = await openScriptedHub([file])
  const providers = openProviders()
  const added: AddedFile[] = []
  const taken = new Set<string>()
  const listed = new Set<string>()
  const catalog: HubCatalog = {
    liveModelOf: () => null,
    nameWished: (wish) => ({ name: wish, isFree: !taken.has(wish) }),
    isListed: (path) => listed.has(path),
    async addFile(wish) {
      added.push(wish)
      listed.add(wish.path)
      return { listingId: newId(), modelName: wish.modelName, path: wish.path }
    },
  }
  const options = (more: Partial<HubsOptions> = {}) =>
    optionsOf({ folder, hub, providers, catalog }, more)
  const models = join(folder, 'models')
  const entries = () =>
    readdirSync(models, { recursive: true, withFileTypes: true })
      .filter(
        ({ name, parentPath }) => ![name, relative(models, parentPath)].includes('.downloads'),
      )
      .map((entry) => ({ entry, path: join(relative(models, entry.parentPath), entry.name) }))
  const it: TestDownloads = {
    hubs: await openHubs(options()),
    hub,
    file,
    folder,
    added,
    taken,
    listed,
    catalog,
    options,
    async reopen(more) {
      await it.hubs.close()
      it.hubs = await openHubs(options(more))
    },
    start: async (source = 'hf:acme/lion-GGUF', name = null) =>
      (await it.hubs.start(parseSource(source), name)).id,
    async ended(id) {
      await until(() => ['done', 'failed', 'cancelled'].includes(it.hubs.get(id).state))
      return it.hubs.get(id)
    },
    kept: () => entries().flatMap(({ entry, path }) => (entry.isFile() ? [path] : [])),
    entries: () => entries().map(({ path }) => path),
    async close() {
      await it.hubs.close()
      await hub.close()
      await providers.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return it
}

interface Ground {
  readonly folder: string
  readonly hub: ScriptedHub
  readonly providers: Providers
  readonly catalog: HubCatalog
}

function optionsOf(ground: Ground, more: Partial<HubsOptions>): HubsOptions {
  const place = { endpoint: ground.hub.endpoint, token: null }
  return {
    hubs: hubsOf({ hf: place, ms: place }, []),
    folder: join(ground.folder, 'models'),
    download: ground.providers.download,
    catalog: ground.catalog,
    hashFiles: hashHere,
    diskReserveBytes: 0,
    isOffline: false,
    log: silentLog,
    nowMs: () => Date.now(),
    timing: { idleTimeoutMs: 200, retryDelaysMs: [0, 5, 5] },
    ...more,
  }
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}
