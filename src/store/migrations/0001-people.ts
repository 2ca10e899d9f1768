/**
 * People, organisations, teams and sign-in as better-auth 1.7 keeps them (names mapped by
 * `people/auth-schema.ts`), and ours beside them: subjects, keys, owner links.
 *
 * Beyond better-auth: a membership is unique, an organisation may be the house, and
 * `sessions.token` holds a SHA-256, never the token itself.
 */
export const people = {
  name: '0001-people',
  sql: `
create table people (
  id uuid default gen_random_uuid() not null primary key,
  name text not null,
  email text not null unique,
  email_verified boolean not null,
  image text,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz default current_timestamp not null
);

create table organisations (
  id uuid default gen_random_uuid() not null primary key,
  name text not null,
  slug text not null unique,
  logo text,
  created_at timestamptz not null,
  metadata text,
  is_house boolean default false not null
);
create unique index organisations_one_house_idx on organisations (is_house) where is_house;

create table members (
  id uuid default gen_random_uuid() not null primary key,
  organisation_id uuid not null references organisations (id) on delete cascade,
  person_id uuid not null references people (id) on delete cascade,
  role text not null,
  created_at timestamptz not null
);
create index members_organisation_id_idx on members (organisation_id);
create index members_person_id_idx on members (person_id);
create unique index members_once_idx on members (organisation_id, person_id);

create table teams (
  id uuid default gen_random_uuid() not null primary key,
  name text not null,
  member_count integer not null,
  organisation_id uuid not null references organisations (id) on delete cascade,
  created_at timestamptz not null,
  updated_at timestamptz
);
create index teams_organisation_id_idx on teams (organisation_id);

create table team_members (
  id uuid default gen_random_uuid() not null primary key,
  team_id uuid not null references teams (id) on delete cascade,
  person_id uuid not null references people (id) on delete cascade,
  membership_key text unique,
  created_at timestamptz
);
create index team_members_team_id_idx on team_members (team_id);
create index team_members_person_id_idx on team_members (person_id);
create unique index team_members_once_idx on team_members (team_id, person_id);

create table sessions (
  id uuid default gen_random_uuid() not null primary key,
  expires_at timestamptz not null,
  token text not null unique,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz not null,
  ip_address text,
  user_agent text,
  person_id uuid not null references people (id) on delete cascade,
  active_organisation_id text,
  active_team_id text
);
create index sessions_person_id_idx on sessions (person_id);

create table sign_ins (
  id uuid default gen_random_uuid() not null primary key,
  provider_person_id text not null,
  provider_id text not null,
  person_id uuid not null references people (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz not null
);
create index sign_ins_person_id_idx on sign_ins (person_id);

create table verifications (
  id uuid default gen_random_uuid() not null primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz default current_timestamp not null,
  updated_at timestamptz default current_timestamp not null
);
create index verifications_identifier_idx on verifications (identifier);

create table invitations (
  id uuid default gen_random_uuid() not null primary key,
  organisation_id uuid not null references organisations (id) on delete cascade,
  email text not null,
  role text,
  team_id text,
  status text not null,
  expires_at timestamptz not null,
  created_at timestamptz default current_timestamp not null,
  inviter_id uuid not null references people (id) on delete cascade
);
create index invitations_organisation_id_idx on invitations (organisation_id);
create index invitations_email_idx on invitations (email);

-- Whom usage, votes and books refer to. Deleting a person or a team deletes the link, never the row.
create table subjects (
  id uuid not null primary key,
  person_id uuid unique references people (id) on delete set null,
  team_id uuid unique references teams (id) on delete set null,
  created_at timestamptz not null,
  constraint subjects_one_link check (person_id is null or team_id is null)
);

create table keys (
  id uuid not null primary key,
  hash text not null unique,
  prefix text not null,
  name text not null,
  organisation_id uuid not null references organisations (id) on delete cascade,
  subject_id uuid not null references subjects (id),
  person_id uuid references people (id) on delete set null,
  team_id uuid references teams (id) on delete set null,
  role text not null constraint keys_role check (role in ('owner', 'admin', 'member')),
  scopes text[],
  models text[],
  is_owner_key boolean default false not null,
  expires_at timestamptz,
  created_at timestamptz not null,
  created_by uuid references people (id) on delete set null,
  revoked_at timestamptz,
  constraint keys_one_holder check (person_id is null or team_id is null)
);
create index keys_organisation_id_idx on keys (organisation_id, id);
create index keys_subject_id_idx on keys (subject_id);
create index keys_person_id_idx on keys (person_id);
create index keys_team_id_idx on keys (team_id);
create unique index keys_one_owner_key_idx on keys (is_owner_key)
  where is_owner_key and revoked_at is null;

create table owner_links (
  id uuid not null primary key,
  hash text not null unique,
  person_id uuid not null references people (id) on delete cascade,
  organisation_id uuid not null references organisations (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
`,
}
