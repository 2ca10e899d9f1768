import type { Migration } from '../types.ts'

/**
 * The owner's prices and exchange rates, dated and only ever added to, and what each request cost.
 * A correction is a newer row for the same time. What the columns of usage are for is in
 * docs/prices.md.
 */
export const prices: Migration = {
  name: '0007-prices',
  kind: 'expand',
  sql: `
-- Of one listing, of one model at one provider, or (all three null) of all that runs on this
-- machine. They refer to the catalog without foreign keys: a price ends nobody.
create table prices (
  id uuid primary key,
  listing_id uuid,
  model_id uuid,
  provider_id uuid,
  valid_from timestamptz not null,
  -- Null where the terms say that the owner has no price from then on.
  currency text check (currency ~ '^[A-Z]{3}$'),
  terms jsonb not null,
  source text not null,
  created_at timestamptz not null,
  created_by uuid,
  -- Of the settings when it was set: tells the order, which no clock does over several processes.
  revision bigint not null,
  -- Whether it holds from when it was set, and not from a time that somebody chose.
  is_from_now boolean not null,
  check ((model_id is null) = (provider_id is null)),
  check (listing_id is null or model_id is null)
);

-- One unit of base is so many of quote from that day on (UTC); null: not known from then on.
create table exchange_rates (
  id uuid primary key,
  base text not null check (base ~ '^[A-Z]{3}$'),
  quote text not null check (quote ~ '^[A-Z]{3}$'),
  rate numeric check (rate > 0),
  valid_from date not null,
  source text not null,
  created_at timestamptz not null,
  created_by uuid,
  revision bigint not null,
  check (base <> quote)
);

create table pricing_settings (
  is_only boolean primary key default true check (is_only),
  -- What amounts of several currencies are shown in.
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Grows with every change of the three tables: who holds an older one reads anew.
  revision bigint not null
);
insert into pricing_settings (currency, revision) values ('USD', 0);

-- All null in rows of processes that know no prices: their cost is unknown.
alter table usage
  add column cost_pico numeric(38,0),
  add column cost_currency text,
  add column price_ref text,
  add column cost_unknown text,
  add column compute_ms real;
-- Rows from before satisfy it, so nobody waits for them to be read.
alter table usage add constraint usage_cost_check check (
  (cost_pico is null) = (cost_currency is null) and (cost_pico is null or cost_pico >= 0)
  and (cost_pico is null or cost_unknown is null)
) not valid;
`,
}
