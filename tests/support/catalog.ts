import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type Catalog,
  type CatalogOptions,
  type InspectedFile,
  openCatalog,
} from '../../src/catalog/index.ts'
import { silentLog, systemClock } from '../../src/kernel/index.ts'
import { normaliseBaseUrl, openProviders, presetOf } from '../../src/providers/index.ts'
import type { Store } from '../../src/store/index.ts'

export { presetOf } from '../../src/providers/index.ts'

export interface TestCatalog {
  readonly catalog: Catalog
  /** What the engine was told to answer for. */
  readonly registered: { name: string; path: string }[]
  close(): Promise<void>
}

/**
 * A catalog on a test store, with real providers and an engine that takes any file for a model: its
 * hash is that of its bytes, its name what `name:` says in its text.
 */
export async function openTestCatalog(
  store: Store,
  overrides: Partial<CatalogOptions> = {},
): Promise<TestCatalog> {
  const providers = openProviders()
  const registered: { name: string; path: string }[] = []
  const catalog = await openCatalog({
    store,
    secrets: flatSecrets,
    clock: systemClock,
    log: silentLog,
    upstream: { presetOf, normaliseBaseUrl, ...providers },
    engine: {
      socketPath: '/nowhere/engine.sock',
      inspect: async (path) => inspectText(path),
      register: (model) => void registered.push(model),
    },
    isOffline: false,
    ...overrides,
  })
  return { catalog, registered, close: () => providers.close() }
}

/** Not sealed at all, but bound to its context: enough to see that the context is kept. */
export const flatSecrets: CatalogOptions['secrets'] = {
  seal: (plain, context) =>
    `${context.table}/${context.rowId}:${Buffer.from(plain).toString('hex')}`,
  open(sealed, context) {
    const prefix = `${context.table}/${context.rowId}:`
    if (!sealed.startsWith(prefix)) throw new Error('sealed for something else')
    return Buffer.from(sealed.slice(prefix.length), 'hex').toString('utf8')
  },
}

function inspectText(path: string): InspectedFile {
  const text = readFileSync(path, 'utf8')
  return {
    name: /^name: (.*)$/m.exec(text)?.[1] ?? null,
    parameterCount: 1_000,
    activeParameterCount: 1_000,
    quantisation: /^quantisation: (.*)$/m.exec(text)?.[1] ?? null,
    contextTokens: 512,
    kind: 'chat',
    licence: 'apache-2.0',
    sha256: createHash('sha256').update(text).digest('hex'),
  }
}
