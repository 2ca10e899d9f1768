export { pricingErrors } from './errors.ts'
export { loadData, type ShippedData } from './load-data.ts'
export { isLoopback, pricedListing } from './priced-listing.ts'
export { requestPrices } from './request-prices.ts'
export {
  type ListingPriceAnswer,
  type NamedListing,
  type PriceVersionsAnswer,
  type PricingRouteParts,
  pricingRoutes,
  type RateAnswer,
} from './routes.ts'
export { type CostTime, openPricing, type Pricing, type PricingOptions } from './service.ts'
export { shapeCost, shapePrice } from './shape-price.ts'
export type {
  Converted,
  Cost,
  PricedListing,
  PriceSubject,
  PriceVersion,
  Terms,
  Tokens,
  UnknownCost,
  UnknownReason,
} from './types.ts'
