import type { Migration } from '../types.ts'

/** Models that have left the market, by whose word, on what evidence; and under which rules. */
export const retirement: Migration = {
  name: '0013-retirement',
  kind: 'expand',
  sql: `
create table retirements (
  id uuid primary key,
  model_id uuid not null references models (id),
  -- Null: none was named.
  successor_id uuid references models (id),
  retired_at timestamptz not null,
  -- From then on it does not answer by its name either; null: it goes on.
  sunset_at timestamptz,
  -- Null: by the owner's rule.
  retired_by uuid,
  -- What was known when it was decided, as the proposal showed it; null: nothing was proposed.
  evidence jsonb,
  restored_at timestamptz,
  restored_by uuid
);
create unique index retirements_standing_idx on retirements (model_id) where restored_at is null;

create table retirement_settings (
  organisation_id uuid primary key references organisations (id),
  -- Slices of the league of models: better on all of them.
  slices text[] not null check (array_length(slices, 1) > 0),
  -- Of infancy; null: that bound is off.
  least_information double precision check (least_information >= 0),
  least_days double precision check (least_days >= 0),
  is_automatic boolean not null,
  -- A model that a larger share of people chose freely is retired by hand only.
  most_free_share double precision not null check (most_free_share between 0 and 1),
  -- Between retirement by rule and its sunset; null: no sunset.
  sunset_days integer check (sunset_days >= 0),
  updated_at timestamptz not null
);
`,
}
