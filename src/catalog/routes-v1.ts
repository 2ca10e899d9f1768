import { z } from 'zod'
import { jsonRoute, type Route } from '../people/index.ts'
import { refuseResolution } from './refuse-resolution.ts'
import { byName } from './route-schemas.ts'
import type { Catalog } from './service.ts'
import type { LiveModel } from './types.ts'

const v1 = { scope: 'models', dialect: 'openai', access: 'member' } as const

const modelAnswer = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
})
/** One body that the official clients of OpenAI and Anthropic both read. */
const listAnswer = z.object({
  object: z.literal('list'),
  data: z.array(modelAnswer),
  has_more: z.boolean(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
})

/** What a list of models has besides them, and what it leaves out. */
export interface V1Listing {
  /** Names that the market answers by choosing a model. */
  readonly names: readonly string[]
  /** Whether a model has left: it may answer by its name, and is listed no more. */
  isHidden(modelId: string): boolean
}

const NO_LISTING: V1Listing = { names: [], isHidden: () => false }

/** `GET /v1/models` and `GET /v1/models/*`: what takes traffic now and the key may use. */
export function v1Routes(catalog: Catalog, listing: V1Listing = NO_LISTING): Route[] {
  return [
    jsonRoute({
      ...v1,
      method: 'GET',
      path: '/v1/models',
      summary: 'Models that take traffic now and your key may use, with the owner’s aliases',
      answer: listAnswer,
      handle: ({ principal }) => {
        const live = catalog.snapshot().liveModels(principal?.models ?? null)
        const shown = live.filter(({ modelId }) => !listing.isHidden(modelId))
        const data = [
          ...(shown.length > 0 ? listing.names.map((name) => shapeName(name, shown)) : []),
          ...shown.map(shapeLive),
        ]
        return {
          json: {
            object: 'list',
            data,
            has_more: false,
            first_id: data[0]?.id ?? null,
            last_id: data.at(-1)?.id ?? null,
          },
        }
      },
    }),
    jsonRoute({
      ...v1,
      method: 'GET',
      path: '/v1/models/*',
      summary: 'One model by any name that a request may use',
      params: byName,
      answer: modelAnswer,
      handle: ({ principal, params }) => {
        const name = params['*'].replaceAll(/%2f/gi, '/')
        const live = catalog.snapshot().liveModels(principal?.models ?? null)
        if (live.length > 0 && listing.names.includes(name)) return { json: shapeName(name, live) }
        const found = catalog.snapshot().resolve(name, principal?.models ?? null)
        if (found.kind !== 'listing') throw refuseResolution(name, found)
        const { modelId, modelName, createdAtSeconds } = found.listing
        const publisher = modelName.slice(0, modelName.indexOf('/'))
        const id = found.how === 'name' ? modelName : name
        return { json: shapeLive({ id, publisher, modelId, modelName, createdAtSeconds }) }
      },
    }),
  ]
}

/** A name that stands for whichever model is chosen: as old as the oldest of them. */
function shapeName(id: string, live: readonly LiveModel[]) {
  const created = Math.min(...live.map(({ createdAtSeconds }) => createdAtSeconds))
  return { id, object: 'model' as const, created, owned_by: 'baimo' }
}

function shapeLive(model: LiveModel) {
  return {
    id: model.id,
    object: 'model' as const,
    created: model.createdAtSeconds,
    owned_by: model.publisher,
  }
}
