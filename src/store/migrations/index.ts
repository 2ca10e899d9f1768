import type { Migration } from '../types.ts'
import { people } from './0001-people.ts'
import { usage } from './0003-usage.ts'

/** All migrations, in the order they apply. Append only: a released one never changes. */
export const migrations: readonly Migration[] = [people, usage]
