export const usage = {
  name: '0003-usage',
  sql: `
-- One row per dispatched request, under our own id, appended and never changed. It refers to
-- people, keys and listings by opaque ids without foreign keys: erasing a person or deleting a
-- listing must never touch what was used.
create table usage (
  id uuid primary key,
  started_at timestamptz not null,
  organisation_id uuid not null,
  subject_id uuid not null,
  key_id uuid,
  team_id uuid,
  model_id uuid not null,
  variant_id uuid not null,
  listing_id uuid not null,
  purpose text not null check (purpose in ('use', 'battle', 'exam', 'exploration')),
  operation text not null,
  is_stream boolean not null,
  input_tokens bigint not null check (input_tokens >= 0),
  cached_input_tokens bigint not null check (cached_input_tokens >= 0),
  cache_write_tokens bigint not null check (cache_write_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  reasoning_tokens bigint not null check (reasoning_tokens >= 0),
  source text not null check (source in ('reported', 'counted', 'estimated')),
  outcome text not null check (outcome in ('answered', 'aborted', 'upstream_error')),
  upstream_status smallint,
  upstream_id text,
  first_byte_ms real,
  total_ms real not null
);
create index usage_by_organisation on usage (organisation_id, id);
create index usage_by_subject on usage (subject_id, id);
create index usage_by_key on usage (key_id, id);
`,
}
