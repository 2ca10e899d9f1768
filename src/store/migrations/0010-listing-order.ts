import type { Migration } from '../types.ts'

/** The owner's order of a model's listings; null: after those that have a position. */
export const listingOrder: Migration = {
  name: '0010-listing-order',
  kind: 'expand',
  sql: `
alter table listings add column position integer check (position > 0);
`,
}
