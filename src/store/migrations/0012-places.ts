import type { Migration } from '../types.ts'

/**
 * Where requests may go: policies of organisations and teams, what an owner set for routes, and of
 * each request how its listing was chosen.
 */
export const places: Migration = {
  name: '0012-places',
  kind: 'expand',
  sql: `
create table policies (
  organisation_id uuid not null references organisations (id),
  -- Null: the organisation's own.
  team_id uuid,
  -- Countries, EU, this-machine, own-network; null: anywhere.
  places text[],
  is_without_retention boolean not null,
  is_without_training boolean not null,
  least_openness text
    check (least_openness in ('closed', 'weights', 'weights-and-code', 'fully-open')),
  updated_at timestamptz not null
);
create unique index policies_of_organisation_idx on policies (organisation_id)
  where team_id is null;
create unique index policies_of_team_idx on policies (team_id) where team_id is not null;

create table route_settings (
  organisation_id uuid primary key references organisations (id),
  exploration_share double precision not null check (exploration_share between 0 and 1),
  -- Of the typical request, in the owner's currency; null: no limit.
  most_price double precision check (most_price >= 0),
  most_first_byte_ms integer check (most_first_byte_ms > 0),
  win_value double precision check (win_value >= 0),
  updated_at timestamptz not null
);

-- How routing chose the listing; null: who asked named the model.
alter table usage add column route text;
`,
}
