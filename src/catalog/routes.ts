import { assert, type JsonObject, type ModelId } from '../kernel/index.ts'
import { isAtLeast, jsonRoute, listAnswer, type Principal, type Route } from '../people/index.ts'
import { cutPage } from './cut-page.ts'
import { refuse } from './errors.ts'
import { fullName } from './name-upstream-model.ts'
import { refuseResolution } from './refuse-resolution.ts'
import {
  addedAnswer,
  aliasAnswer,
  byAlias,
  byId,
  byName,
  decision,
  fileAnswer,
  listingAnswer,
  listingChange,
  modelAnswer,
  modelChange,
  newAlias,
  newFile,
  newProvider,
  pageQuery,
  proposalAnswer,
  providerAnswer,
  providerChange,
} from './route-schemas.ts'
import { type V1Listing, v1Routes } from './routes-v1.ts'
import type { Catalog } from './service.ts'
import {
  pageOfListings,
  pageOfModels,
  pageOfProposals,
  shapeAlias,
  shapeListingById,
  shapeListingsOf,
  shapeModelOf,
  shapeProposalById,
  shapeProvider,
  type View,
} from './shape-catalog.ts'
import type { HealthOf, PriceOf } from './types.ts'

/**
 * Models, providers, files, listings, aliases, proposals, and `/v1/models`.
 *
 * `healthOf`: how listings are doing; absent: nobody knows. `priceOf`: what listings cost; absent:
 * nobody knows. `listing`: what `/v1/models` has besides; absent: nothing.
 */
export function catalogRoutes(
  catalog: Catalog,
  {
    healthOf = () => null,
    priceOf,
    listing,
  }: {
    readonly healthOf?: HealthOf
    readonly priceOf?: PriceOf
    readonly listing?: V1Listing
  } = {},
): Route[] {
  const seen: Seen = { ...catalog, healthOf, priceOf }
  return [
    ...modelRoutes(seen),
    ...providerRoutes(seen),
    ...fileRoutes(seen),
    ...listingRoutes(seen),
    ...aliasRoutes(seen),
    ...proposalRoutes(seen),
    ...v1Routes(catalog, listing),
  ]
}

/** The catalog with what is known of how its listings are doing. */
interface Seen extends Catalog {
  readonly healthOf: HealthOf
  readonly priceOf?: PriceOf | undefined
}

const api = { scope: 'api', dialect: 'problem' } as const

function modelRoutes(catalog: Seen): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/models',
      access: 'member',
      summary: 'Models you may use; for operators also those that are only offered',
      query: pageQuery,
      answer: listAnswer(modelAnswer),
      handle: ({ principal, query }) => ({
        json: pageOfModels(viewOf(catalog, principal), query),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/models/*',
      access: 'member',
      summary: 'One model by its name, with its facts, variants and listings',
      params: byName,
      answer: modelAnswer,
      handle: ({ principal, params }) => {
        const view = viewOf(catalog, principal)
        return { json: shown(view, findModel(catalog, decoded(params['*']), view.allowed)) }
      },
    }),
    jsonRoute({
      ...api,
      method: 'PATCH',
      path: '/api/models/*',
      access: 'operator',
      summary: 'Set facts with their source, relations, capabilities, or a new name',
      params: byName,
      body: modelChange,
      answer: modelAnswer,
      handle: async ({ principal, params, body }) => {
        const view = viewOf(catalog, principal)
        const id = findModel(catalog, decoded(params['*']), view.allowed)
        await catalog.changeModel(id, {
          ...body,
          derivedFrom: body.derived_from,
          listingOrder: body.listing_order,
        })
        return { json: shown(viewOf(catalog, principal), id) }
      },
    }),
  ]
}

function providerRoutes(catalog: Seen): Route[] {
  const added = (principal: Principal | null, id: string): JsonObject => {
    const provider = catalog.rows().providers.find((each) => each.id === id)
    assert(provider !== undefined, 'catalog: a provider that was just saved is there')
    return {
      provider: shapeProvider(catalog.rows(), provider),
      listings: shapeListingsOf(viewOf(catalog, principal), provider.id),
    }
  }
  return [
    ...shownProviders(catalog),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/providers',
      access: 'operator',
      summary: 'Add a provider: its models are offered, those named in `models` are on at once',
      body: newProvider,
      answer: addedAnswer,
      handle: async ({ principal, body }) => {
        const id = await catalog.addProvider({
          kind: body.kind ?? null,
          url: body.url ?? null,
          name: body.name ?? null,
          key: body.key ?? null,
          models: body.models ?? null,
        })
        return { status: 201, json: added(principal, id) }
      },
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/providers/:id/refresh',
      access: 'operator',
      summary: 'Read a provider’s models anew; switches nothing on',
      params: byId,
      answer: addedAnswer,
      handle: async ({ principal, params }) => ({
        json: added(principal, await catalog.refreshProvider(params.id)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'PATCH',
      path: '/api/providers/:id',
      access: 'operator',
      summary: 'Give a provider another key, name or address, or its resilience',
      params: byId,
      body: providerChange,
      answer: addedAnswer,
      handle: async ({ principal, params, body }) => ({
        json: added(principal, await catalog.changeProvider(params.id, body)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/providers/:id',
      access: 'operator',
      summary: 'Remove a provider: its key is forgotten, its listings take no more traffic',
      params: byId,
      handle: async ({ params }) => {
        await catalog.removeProvider(params.id)
        return { status: 204 }
      },
    }),
  ]
}

function shownProviders(catalog: Seen): Route[] {
  const present = () => catalog.rows().providers.filter((each) => each.removedAtMs === null)
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/providers',
      access: 'operator',
      summary: 'Providers, oldest first; of their keys only whether there is one',
      query: pageQuery,
      answer: listAnswer(providerAnswer),
      handle: ({ query }) => ({
        json: cutPage(present(), query, (provider) => shapeProvider(catalog.rows(), provider)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/providers/:id',
      access: 'operator',
      summary: 'One provider with what it offers',
      params: byId,
      answer: addedAnswer,
      handle: ({ principal, params }) => {
        const provider = present().find((each) => each.id === params.id)
        if (provider === undefined) {
          throw refuse('catalog_provider_unknown', 'No provider has that id: list them first.')
        }
        const listings = shapeListingsOf(viewOf(catalog, principal), provider.id)
        return { json: { provider: shapeProvider(catalog.rows(), provider), listings } }
      },
    }),
  ]
}

function fileRoutes(catalog: Seen): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/files',
      access: 'operator',
      summary: 'Add a GGUF file of the machine Baimo runs on; on at once',
      body: newFile,
      answer: fileAnswer,
      handle: async ({ principal, body }) => {
        const id = await catalog.addFile({ path: body.path, name: body.name ?? null })
        const view = viewOf(catalog, principal)
        const listing = view.rows.listings.find((each) => each.id === id)
        const variant = view.rows.variants.find((each) => each.id === listing?.variantId)
        assert(variant !== undefined, 'catalog: a file that was just added has its variant')
        return {
          status: 201,
          json: { listing: shapeListingById(view, id), model: shown(view, variant.modelId) },
        }
      },
    }),
  ]
}

function listingRoutes(catalog: Seen): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/listings',
      access: 'member',
      summary: 'Listings you may use; for operators also those that are off or vanished',
      query: pageQuery,
      answer: listAnswer(listingAnswer),
      handle: ({ principal, query }) => ({
        json: pageOfListings(viewOf(catalog, principal), query),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'PATCH',
      path: '/api/listings/:id',
      access: 'operator',
      summary: 'Switch a listing on or off, set its facts with their source, or its resilience',
      params: byId,
      body: listingChange,
      answer: listingAnswer,
      handle: async ({ principal, params, body }) => {
        const { is_on: isOn, facts, resilience } = body
        await catalog.changeListing(params.id, { isOn, facts, resilience })
        return { json: shapeListingById(viewOf(catalog, principal), params.id) }
      },
    }),
  ]
}

function aliasRoutes(catalog: Seen): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/aliases',
      access: 'member',
      summary: 'The owner’s own names for models and listings',
      answer: listAnswer(aliasAnswer),
      handle: ({ principal }) => {
        const { rows, snapshot, allowed, seesAll } = viewOf(catalog, principal)
        const visible = rows.aliases.filter(
          ({ alias }) => seesAll || snapshot.resolve(alias, allowed).kind === 'listing',
        )
        return { json: { data: visible.map((each) => shapeAlias(rows, each)), next_cursor: null } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/aliases/:alias',
      access: 'operator',
      summary: 'Make a name lead to a model or to one listing',
      params: byAlias,
      body: newAlias,
      answer: aliasAnswer,
      handle: async ({ params, body }) => {
        const alias = await catalog.setAlias(decoded(params.alias), body.target)
        return { json: shapeAlias(catalog.rows(), alias) }
      },
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/aliases/:alias',
      access: 'operator',
      summary: 'Remove an alias',
      params: byAlias,
      handle: async ({ params }) => {
        await catalog.removeAlias(decoded(params.alias))
        return { status: 204 }
      },
    }),
  ]
}

function proposalRoutes(catalog: Seen): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/proposals',
      access: 'operator',
      summary: 'Pairs of models that may be one, open ones first',
      query: pageQuery,
      answer: listAnswer(proposalAnswer),
      handle: ({ principal, query }) => ({
        json: pageOfProposals(viewOf(catalog, principal), query),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/proposals/:id',
      access: 'operator',
      summary: 'Say whether the two are the same model; `different` takes `same` back',
      params: byId,
      body: decision,
      answer: proposalAnswer,
      handle: async ({ principal, params, body }) => {
        assert(principal !== null, 'catalog: an operator route has a caller')
        await catalog.decideProposal(params.id, {
          sameness: body.decision,
          by: principal.subjectId,
        })
        return { json: shapeProposalById(viewOf(catalog, principal), params.id) }
      },
    }),
  ]
}

function viewOf(catalog: Seen, principal: Principal | null): View {
  const allowed = principal?.models ?? null
  const isOperator = principal?.isHouse === true && isAtLeast(principal.role, 'admin')
  return {
    rows: catalog.rows(),
    snapshot: catalog.snapshot(),
    allowed,
    seesAll: isOperator && allowed === null,
    healthOf: catalog.healthOf,
    priceOf: catalog.priceOf,
  }
}

/** The model of a name, whether it takes traffic or not. Throws `catalog_model_…`. */
function findModel(catalog: Catalog, name: string, allowed: readonly string[] | null): ModelId {
  const found = catalog.snapshot().resolve(name, allowed)
  if (found.kind === 'listing') return found.listing.modelId
  const model =
    found.kind === 'no-live-listing'
      ? catalog.rows().models.find((each) => fullName(each) === found.modelName)
      : undefined
  if (model === undefined) throw refuseResolution(name, found)
  return model.id
}

function shown(view: View, id: ModelId): JsonObject {
  const model = shapeModelOf(view, id)
  if (model !== null) return model
  throw refuse('catalog_model_unknown', 'There is no model of that name for you to see.')
}

/** A name in a path may come encoded once more than the router decodes. */
function decoded(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name // no name has a "%": it will not be found, and the answer says so
  }
}
