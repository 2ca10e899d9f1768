import type { Migration } from '../types.ts'

/** One sealed text that only the right secret key opens. */
export const store: Migration = {
  name: '0000-store',
  sql: `
create table secret_check (
  is_only boolean primary key check (is_only),
  sealed text not null
);
`,
}
