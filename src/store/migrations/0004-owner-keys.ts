import type { Migration } from '../types.ts'

/** An owner's key for each home on a database, where there was one for all of them. */
export const ownerKeys: Migration = {
  name: '0004-owner-keys',
  sql: `
drop index keys_one_owner_key_idx;
`,
}
