export type {
  Capability,
  Endpoint,
  Fact,
  League,
  LiveListing,
  Modality,
  Openness,
  Quirks,
  Resolution,
} from './types.ts'
