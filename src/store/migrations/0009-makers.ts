import type { Migration } from '../types.ts'

/**
 * Who made what: the key (of a session: the one that made its link) and the subject behind every
 * key, person, link and session, so that what a leaked key left behind can be found and ended.
 * Null: made before this, by nobody's key, or by a process of a version before.
 */
export const makers: Migration = {
  name: '0009-makers',
  kind: 'expand',
  sql: `
alter table keys add column made_by_key_id uuid references keys (id) on delete set null;
alter table keys add column made_by_subject_id uuid references subjects (id);
-- The host and folder an owner's key lies in; null: any other key, or not known.
alter table keys add column home text;
-- Roughly: it is written at most once an hour.
alter table keys add column last_used_at timestamptz;
alter table people add column made_by_key_id uuid references keys (id) on delete set null;
alter table people add column made_by_subject_id uuid references subjects (id);
alter table owner_links add column made_by_key_id uuid references keys (id) on delete set null;
alter table sessions add column made_by_key_id uuid references keys (id) on delete set null;

create index keys_made_by_key_id_idx on keys (made_by_key_id);
create index keys_made_by_subject_id_idx on keys (made_by_subject_id);
create index people_made_by_key_id_idx on people (made_by_key_id);
create index people_made_by_subject_id_idx on people (made_by_subject_id);
create index owner_links_made_by_key_id_idx on owner_links (made_by_key_id);
create index sessions_made_by_key_id_idx on sessions (made_by_key_id);

update keys set made_by_subject_id = subjects.id
  from subjects where subjects.person_id = keys.created_by;
`,
}
