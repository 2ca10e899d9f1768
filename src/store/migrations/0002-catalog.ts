/**
 * What the market offers: models (what is judged), variants (what exactly answers), providers and
 * listings (a variant at a provider), with facts, aliases and proposals of sameness beside them.
 *
 * Nothing that usage or votes refer to is ever deleted: a provider is removed and a listing
 * vanishes by a date. A provider's key is sealed before it comes here.
 */
export const catalog = {
  name: '0002-catalog',
  sql: `
create table models (
  id uuid primary key,
  publisher text not null,
  name text not null,
  family text,
  succeeds_id uuid references models (id),
  derived_from_id uuid references models (id),
  capabilities text[],
  league text not null check (league in ('models', 'practice', 'apps')),
  merged_into_id uuid references models (id),
  created_at timestamptz not null,
  check (merged_into_id <> id)
);
create unique index models_name_idx on models (lower(publisher), lower(name));

-- Names a model had before: they keep answering.
create table former_names (
  id uuid primary key,
  publisher text not null,
  name text not null,
  model_id uuid not null references models (id),
  created_at timestamptz not null
);
create unique index former_names_name_idx on former_names (lower(publisher), lower(name));

create table variants (
  id uuid primary key,
  model_id uuid not null references models (id),
  weights_sha256 text check (weights_sha256 ~ '^[0-9a-f]{64}$'),
  quantisation text,
  upstream_model text,
  first_seen_at timestamptz not null,
  check (weights_sha256 is not null or upstream_model is not null)
);
create unique index variants_weights_idx on variants (weights_sha256);
create index variants_model_idx on variants (model_id);

create table providers (
  id uuid primary key,
  kind text not null,
  name text not null,
  base_url text not null,
  sealed_key text,
  quirks jsonb,
  created_at timestamptz not null,
  refreshed_at timestamptz,
  removed_at timestamptz
);
create unique index providers_name_idx on providers (lower(name)) where removed_at is null;

create table listings (
  id uuid primary key,
  variant_id uuid not null references variants (id),
  provider_id uuid not null references providers (id),
  upstream_model text not null,
  file_path text,
  is_on boolean not null,
  offered_at timestamptz not null,
  switched_at timestamptz,
  vanished_at timestamptz,
  unique (provider_id, variant_id),
  check (not is_on or vanished_at is null)
);
create unique index listings_upstream_idx on listings (provider_id, upstream_model)
  where vanished_at is null;
create index listings_variant_idx on listings (variant_id);

-- One row: the value is known, and from where. No row: it is unknown.
create table facts (
  subject_kind text not null check (subject_kind in ('model', 'listing')),
  subject_id uuid not null,
  name text not null,
  value jsonb not null,
  source text not null,
  checked_at timestamptz not null,
  primary key (subject_kind, subject_id, name)
);

create table aliases (
  alias text primary key,
  model_id uuid references models (id),
  listing_id uuid references listings (id),
  created_at timestamptz not null,
  check ((model_id is null) <> (listing_id is null))
);
create unique index aliases_name_idx on aliases (lower(alias));

-- Two models that may be one. Decided 'same': the variants of the second moved under the first.
create table proposals (
  id uuid primary key,
  kept_model_id uuid not null references models (id),
  other_model_id uuid not null references models (id),
  reason text not null,
  state text not null check (state in ('open', 'same', 'different')),
  moved_variant_ids uuid[] not null default '{}',
  created_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  unique (kept_model_id, other_model_id),
  check (kept_model_id <> other_model_id)
);

-- Grows with every change, in the same transaction: who holds an older one reads anew.
create table catalog_revision (
  is_only boolean primary key default true check (is_only),
  revision bigint not null
);
insert into catalog_revision (revision) values (0);
`,
}
