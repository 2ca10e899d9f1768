import type { Migration } from '../types.ts'

/** What the owner set for a slow or failing provider or listing; null: the default. */
export const resilience: Migration = {
  name: '0005-resilience',
  kind: 'expand',
  sql: `
alter table providers add column resilience jsonb;
alter table listings add column resilience jsonb;
`,
}
