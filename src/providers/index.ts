export type { AddressPolicy } from '../catalog/index.ts'
export { providerErrors } from './errors.ts'
export { normaliseBaseUrl } from './normalise-base-url.ts'
export { openProviders, type ProvidersOptions } from './open-providers.ts'
export { presetOf } from './presets.ts'
export type {
  Abort,
  DispatchControl,
  Download,
  DownloadAnswer,
  DownloadRequest,
  FoundServer,
  ProviderHandler,
  ProviderOperation,
  ProviderRequest,
  Providers,
  ResponseHeaders,
  ServerIdentity,
} from './types.ts'
