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
  const rows = rowsOf({ models: { 'acme/Lion': {} } })
  const changes: unknown[] = []
  const wishes: (string | null)[] = []
  const [variant] = rows.variants
  const catalog = hubCatalogOf({
    rows: () => ({ ...rows, variants: [{ ...variant, weightsSha256: 'ab' } as never] }),
    snapshot: () => ({ listings: [{ variantId: variant?.id, modelName: 'acme/Lion' }] }) as never,
    async addFile({ name }) {
      wishes.push(name)
      if (name !== null && name === refusedFor?.name) throw refuse(refusedFor.code, 'no')
      return rows.listings[0]?.id as ListingId
    },
    async changeModel(id, change) {
      changes.push([id, change])
    },
  })
  return { catalog, changes, wishes }
}
const file = { path: '/m/a.gguf', modelName: 'acme/other', licence: 'mit', source: 'http://h/acme' }

describe('the catalog as hubs need it', () => {
  it('knows weights by their hash and names in any case', () => {
    const { catalog } = open()
    expect([catalog.liveModelOf('ab'), catalog.liveModelOf('cd')]).toEqual(['acme/Lion', null])
    expect([catalog.isTaken('ACME/lion'), catalog.isTaken('acme/cub')]).toEqual([true, false])
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
