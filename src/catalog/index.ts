export { catalogErrors } from './errors.ts'
export type { CatalogOptions } from './means.ts'
export { bareOffer } from './plan-import.ts'
export { refuseResolution } from './refuse-resolution.ts'
export { DEFAULT_MAX_CONNECTIONS, DEFAULT_RESILIENCE } from './resilience.ts'
export { catalogRoutes } from './routes.ts'
export type { V1Listing } from './routes-v1.ts'
export { type Catalog, openCatalog } from './service.ts'
export { type ModelRest, type ModelSummary, summariseModels } from './summarise-models.ts'
export type {
  AddressPolicy,
  Capability,
  CatalogEngine,
  CatalogRows,
  CatalogSnapshot,
  CatalogUpstream,
  Endpoint,
  Fact,
  HealthOf,
  InspectedFile,
  League,
  LiveListing,
  LiveModel,
  Modality,
  OfferedModel,
  Openness,
  PriceOf,
  ProviderKind,
  ProviderPreset,
  Quirks,
  Resilience,
  Resolution,
} from './types.ts'
export { PROVIDER_KINDS } from './types.ts'
