export { storeErrors } from './errors.ts'
export { openHome } from './home.ts'
export { openStore, type StoreOptions } from './open-store.ts'
export type { Home, Migration, Store } from './types.ts'
