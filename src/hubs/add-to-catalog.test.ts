import { describe, expect, it } from 'vitest'
import { rowsOf } from '../../tests/support/catalog-rows.ts'
import { defineErrors, type ListingId, refusalsOf } from '../kernel/index.ts'
import { hubCatalogOf } from './add-to-catalog.ts'

const errors = defineErrors({
  catalog_file_known: { kind: 'conflict', title: 'known', isRetryable: false },
  catalog_name_taken: { kind: 'conflict', title: 'taken', isRetryable: false },
})
const refuse = refusalsOf(errors)

function open(refusedFor: { name: string; code: keyof typeof errors } | null = null) {
  const rows = rowsOf({
    models: { 'acme/Lion': { listings: [{ filePath: '/m/lion.gguf' }] } },
  })
  const changes: unknown[] = []
  const wishes: (string | null)[] = []
  const hashes: (string | undefined)[] = []
  const [variant] = rows.variants
  const catalog = hubCatalogOf({
    rows: () => ({ ...rows, variants: [{ ...variant, weightsSha256: 'ab' } as never] }),
    nameWished: (wish) => ({ name: `local/${wish}`, isFree: false }),
    snapshot: () => ({ listings: [{ variantId: variant?.id, modelName: 'acme/Lion' }] }) as never,
    async addFile({ name, sha256 }) {
      wishes.push(name)
      hashes.push(sha256)
      if (name !== null && name === refusedFor?.name) throw refuse(refusedFor.code, 'no')
      return rows.listings[0]?.id as ListingId
    },
    async changeModel(id, change) {
      changes.push([id, change])
    },
  })
  return { catalog, changes, wishes, hashes }
}
const file = {
  path: '/m/a.gguf',
  sha256: 'ef',
  modelName: 'acme/other',
  licence: 'mit',
  source: 'http://h/acme',
  signal: new AbortController().signal,
}

describe('the catalog as hubs need it', () => {
  it('knows models by the hash of their weights and by where they lie', () => {
    const { catalog } = open()
    const name = (sha256: string | null, path = '/m/b.gguf') =>
      catalog.liveModelOf({ sha256, path })
    expect([name('ab'), name('cd'), name(null)]).toEqual(['acme/Lion', null, null])
    expect(name(null, '/m/lion.gguf')).toBe('acme/Lion')
    expect(catalog.isListed('/m/lion.gguf')).toBe(true)
    expect(catalog.isListed('/m/b.gguf')).toBe(false)
  })

  it('passes on what a name would become, and the hash where it is known', async () => {
    const { catalog, hashes } = open()
    expect(catalog.nameWished('lion')).toEqual({ name: 'local/lion', isFree: false })
    await catalog.addFile(file)
    await catalog.addFile({ ...file, sha256: null })
    expect(hashes).toEqual(['ef', undefined])
  })

  it('adds a file with its licence and where that was read', async () => {
    const { catalog, changes } = open()
    expect(await catalog.addFile(file)).toMatchObject({ modelName: 'acme/Lion' })
    const facts = { licence: { value: 'mit', source: 'http://h/acme' } }
    expect(changes).toEqual([['m:acme/Lion', { facts }]])
  })

  it('leaves the licence alone where the hub says none', async () => {
    const { catalog, changes } = open()
    await catalog.addFile({ ...file, licence: null })
    expect(changes).toEqual([])
  })

  it('lets weights keep the name they have, and passes every other refusal on', async () => {
    const known = open({ name: 'acme/other', code: 'catalog_file_known' })
    expect((await known.catalog.addFile(file)).modelName).toBe('acme/Lion')
    expect(known.wishes).toEqual(['acme/other', null])
    const taken = open({ name: 'acme/other', code: 'catalog_name_taken' })
    await expect(taken.catalog.addFile(file)).rejects.toMatchObject({ code: 'catalog_name_taken' })
  })
})
