import type { ProviderId } from '../kernel/index.ts'
import { buildSnapshot, type Reach } from './build-snapshot.ts'
import { endpointOf } from './endpoint-of.ts'
import { isOnThisMachine } from './is-on-this-machine.ts'
import type { CatalogOptions, Means } from './means.ts'
import { type ChangeServices, changeServices } from './service-changes.ts'
import { type FileServices, fileServices, registerNewFiles } from './service-files.ts'
import { type ProposalServices, proposalServices } from './service-proposals.ts'
import { type ProviderServices, providerServices } from './service-providers.ts'
import { raiseRevision } from './store.ts'
import { freezeReads, loadCatalog, loadRevision } from './store-load.ts'
import type { CatalogRows, CatalogSnapshot, Endpoint, Provider } from './types.ts'
import { watchRevision } from './watch-revision.ts'

export interface Catalog extends ProviderServices, FileServices, ChangeServices, ProposalServices {
  /** The catalog as of now: at once, never changing. Keep it for one request, not longer. */
  snapshot(): CatalogSnapshot
  /** The rows behind the snapshot. They hold no key in the clear. */
  rows(): CatalogRows
  /** Reads the database anew where another process changed it. */
  reloadIfChanged(): Promise<void>
  /**
   * Does so whenever another process tells of a change, until it is stopped; every `intervalMs`
   * while nothing is heard of others. Resolves, when stopped, once nothing runs any more. That a
   * database is away is logged once, and it is asked again.
   */
  watch(intervalMs: number): () => Promise<void>
}

/** The catalog on a store. Resolves once its first snapshot stands. */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const { store } = options
  let current = await loadState(options)

  async function reload(): Promise<void> {
    const loaded = await loadState(options)
    // Two reloads may overlap: the later state stays.
    if (loaded.rows.revision >= current.rows.revision) current = loaded
  }

  const means: Means = {
    ...options,
    rows: () => current.rows,
    snapshot: () => current.snapshot,
    change: inTurn(async (work) => {
      const result = await store.transaction(async (db) => {
        const revision = await raiseRevision(db)
        await store.changes.announce(db, 'catalog', String(revision))
        // Nobody changed anything since: what is in memory is what is in the database.
        const isCurrent = current.rows.revision === revision - 1
        return work(db, isCurrent ? current.rows : await loadCatalog(db))
      })
      await reload()
      return result
    }),
  }
  let looked = current.rows
  async function reloadIfChanged(): Promise<void> {
    if ((await loadRevision(store.db)) !== current.rows.revision) await reload()
    // The reload of a change of our own may have brought in a file of others, too.
    const before = looked
    looked = current.rows
    if (before !== looked) await registerNewFiles(means, before)
  }

  return {
    ...providerServices(means),
    ...fileServices(means),
    ...changeServices(means),
    ...proposalServices(means),
    snapshot: means.snapshot,
    rows: means.rows,
    reloadIfChanged,
    watch: (intervalMs) =>
      watchRevision(reloadIfChanged, {
        intervalMs,
        log: options.log,
        isHearing: () => store.changes.isHearing,
        onNews: (look) => store.changes.listen('catalog', { onChange: look, onGap: look }),
      }),
  }
}

/** One after the other, so that each change begins with the snapshot of the one before. */
function inTurn(change: Means['change']): Means['change'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(() => change(work))
    last = result.then(ignore, ignore) // who asked for a change hears of its failure
    return result
  }
}

function ignore(): void {}

interface State {
  readonly rows: CatalogRows
  readonly snapshot: CatalogSnapshot
}

async function loadState(options: CatalogOptions): Promise<State> {
  const rows = await options.store.transaction(async (db) => {
    await freezeReads(db)
    return loadCatalog(db)
  })
  return { rows, snapshot: buildSnapshot(rows, await reachAll(options, rows)) }
}

async function reachAll(
  options: CatalogOptions,
  rows: CatalogRows,
): Promise<Map<ProviderId, Reach>> {
  const reaches = new Map<ProviderId, Reach>()
  for (const provider of rows.providers) {
    const endpoint = provider.removedAtMs === null ? await reach(options, provider) : null
    if (endpoint === null) continue
    const isLocal =
      options.upstream.presetOf(provider.kind).isLocal || isOnThisMachine(provider.baseUrl)
    reaches.set(provider.id, { endpoint, isLocal })
  }
  return reaches
}

/** Null: it cannot be reached, because the engine is not there or its key does not open. */
async function reach(options: CatalogOptions, provider: Provider): Promise<Endpoint | null> {
  if (provider.kind === 'engine') {
    if (options.engine === null) return null
    const endpoint = endpointOf(options.upstream, provider, null)
    return { ...endpoint, socketPath: options.engine.socketPath }
  }
  try {
    const context = { table: 'providers', rowId: provider.id }
    const key =
      provider.sealedKey === null ? null : await options.secrets.open(provider.sealedKey, context)
    return endpointOf(options.upstream, provider, key)
  } catch (error) {
    options.log.error(
      { provider: provider.name, reason: error instanceof Error ? error.message : String(error) },
      'the key of a provider does not open: add the provider again with its key',
    )
    return null
  }
}
