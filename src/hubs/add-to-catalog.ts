import type { Catalog } from '../catalog/index.ts'
import { assert, Refusal } from '../kernel/index.ts'
import type { HubCatalog } from './types.ts'

type Rows = ReturnType<Catalog['rows']>

/** The catalog as hubs need it. */
export function hubCatalogOf(
  catalog: Pick<Catalog, 'rows' | 'snapshot' | 'addFile' | 'changeModel'>,
): HubCatalog {
  return {
    liveModelOf(sha256) {
      const ids = catalog
        .rows()
        .variants.filter((variant) => variant.weightsSha256 === sha256)
        .map(({ id }) => id)
      return (
        catalog.snapshot().listings.find(({ variantId }) => ids.includes(variantId))?.modelName ??
        null
      )
    },
    isTaken(modelName) {
      const key = modelName.toLowerCase()
      return catalog
        .rows()
        .models.some(({ publisher, name }) => `${publisher}/${name}`.toLowerCase() === key)
    },
    async addFile({ path, modelName, licence, source }) {
      const listingId = await addNamed(catalog, path, modelName)
      const { listing, model } = findAdded(catalog.rows(), listingId)
      if (licence !== null)
        await catalog.changeModel(model.id, { facts: { licence: { value: licence, source } } })
      return { listingId, modelName: `${model.publisher}/${model.name}`, path: listing.filePath }
    },
  }
}

/** Weights that have a name here keep it: they stay one listing. */
async function addNamed(catalog: Pick<Catalog, 'addFile'>, path: string, name: string) {
  try {
    return await catalog.addFile({ path, name })
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'catalog_file_known') throw error
    return catalog.addFile({ path, name: null })
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
