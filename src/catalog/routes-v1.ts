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

/** `GET /v1/models` and `GET /v1/models/*`: what takes traffic now and the key may use. */
export function v1Routes(catalog: Catalog): Route[] {
  return [
    jsonRoute({
      ...v1,
      method: 'GET',
      path: '/v1/models',
      summary: 'Models that take traffic now and your key may use, with the owner’s aliases',
      answer: listAnswer,
      handle: ({ principal }) => {
        const data = catalog
          .snapshot()
          .liveModels(principal?.models ?? null)
          .map(shapeLive)
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
        const found = catalog.snapshot().resolve(name, principal?.models ?? null)
        if (found.kind !== 'listing') throw refuseResolution(name, found)
        const { modelName, createdAtSeconds } = found.listing
        const publisher = modelName.slice(0, modelName.indexOf('/'))
        const id = found.how === 'name' ? modelName : name
        return { json: shapeLive({ id, publisher, modelName, createdAtSeconds }) }
      },
    }),
  ]
}

function shapeLive(model: LiveModel) {
  return {
    id: model.id,
    object: 'model' as const,
    created: model.createdAtSeconds,
    owned_by: model.publisher,
  }
}
