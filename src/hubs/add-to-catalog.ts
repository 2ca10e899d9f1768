import type { Catalog } from '../catalog/index.ts'
import { assert, Refusal } from '../kernel/index.ts'
import type { AddedFile, HubCatalog } from './types.ts'

type Rows = ReturnType<Catalog['rows']>

/** The catalog as hubs need it. */
export function hubCatalogOf(
  catalog: Pick<Catalog, 'rows' | 'snapshot' | 'addFile' | 'changeModel' | 'nameWished'>,
): HubCatalog {
  return {
    liveModelOf({ sha256, path }) {
      const { variants, listings } = catalog.rows()
      const same = variants.filter(
        ({ weightsSha256 }) => sha256 !== null && weightsSha256 === sha256,
      )
      const there = listings.filter(({ filePath }) => filePath === path)
      const ids = [...same.map(({ id }) => id), ...there.map(({ variantId }) => variantId)]
      const live = catalog.snapshot().listings.find(({ variantId }) => ids.includes(variantId))
      return live?.modelName ?? null
    },
    nameWished: (wish) => catalog.nameWished(wish),
    isListed: (path) => catalog.rows().listings.some(({ filePath }) => filePath === path),
    async addFile(file) {
      const { licence, source } = file
      const listingId = await addNamed(catalog, file)
      const { listing, model } = findAdded(catalog.rows(), listingId)
      if (licence !== null)
        await catalog.changeModel(model.id, { facts: { licence: { value: licence, source } } })
      return { listingId, modelName: `${model.publisher}/${model.name}`, path: listing.filePath }
    },
  }
}

/** Weights that have a name here keep it: they stay one listing. */
async function addNamed(catalog: Pick<Catalog, 'addFile'>, file: AddedFile) {
  const { path, sha256, signal, modelName: name } = file
  const wish = { path, signal, ...(sha256 === null ? {} : { sha256 }) }
  try {
    return await catalog.addFile({ ...wish, name })
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'catalog_file_known') throw error
    return catalog.addFile({ ...wish, name: null })
  }
}

function findAdded(rows: Rows, listingId: string) {
  const listing = rows.listings.find(({ id }) => id === listingId)
  const variant = rows.variants.find(({ id }) => id === listing?.variantId)
  const model = rows.models.find(({ id }) => id === variant?.modelId)
  assert(
    listing !== undefined && model !== undefined,
    'hubs: a file that was just added has its model',
  )
  return { listing, model }
}
