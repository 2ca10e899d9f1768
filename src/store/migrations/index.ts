import type { Migration } from '../types.ts'
import { store } from './0000-store.ts'
import { people } from './0001-people.ts'
import { catalog } from './0002-catalog.ts'
import { usage } from './0003-usage.ts'
import { ownerKeys } from './0004-owner-keys.ts'
import { resilience } from './0005-resilience.ts'
import { limits } from './0006-limits.ts'
import { prices } from './0007-prices.ts'
import { boards } from './0008-boards.ts'
import { makers } from './0009-makers.ts'
import { listingOrder } from './0010-listing-order.ts'
import { arena } from './0011-arena.ts'
import { places } from './0012-places.ts'
import { retirement } from './0013-retirement.ts'

/** All migrations, in the order they apply. Append only: a released one never changes. */
export const migrations: readonly Migration[] = [
  store,
  people,
  catalog,
  usage,
  ownerKeys,
  resilience,
  limits,
  prices,
  boards,
  makers,
  listingOrder,
  arena,
  places,
  retirement,
]
