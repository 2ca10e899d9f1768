import type { Migration } from '../types.ts'

/**
 * Battles with what was asked and answered in them, and what must stay hidden until a reveal.
 *
 * A battle keeps who met whom, and the vote, for good. Texts (`battle_turns.messages`,
 * `battle_answers.text`, `battle_events`) are kept while they are needed for the vote, and beyond
 * it as far as its consent says. People are subjects here: who they are only people/ knows.
 */
export const arena: Migration = {
  name: '0011-arena',
  kind: 'expand',
  sql: `
create table battles (
  id uuid primary key,
  organisation_id uuid not null references organisations (id),
  subject_id uuid not null,
  league text not null check (league in ('models', 'practice', 'apps')),
  -- control: a model against itself. comparison: named, never counts.
  kind text not null check (kind in ('battle', 'control', 'comparison', 'judgement')),
  state text not null check (state in ('answering', 'open', 'voted', 'voided')),
  -- a stands left. Null: not drawn yet.
  a_model_id uuid references models (id),
  b_model_id uuid references models (id),
  -- Of the unordered pair, with the share of controls; null: nothing was drawn.
  draw_probability double precision check (draw_probability > 0 and draw_probability <= 1),
  draws smallint not null default 0,
  -- What is kept after the vote, and whether this rater's counts may be shared.
  keeps_prompt boolean not null,
  keeps_answers boolean not null,
  shares_vote boolean not null,
  max_tokens integer,
  turn smallint not null,
  -- The process that runs a turn says so again and again; null: none runs.
  running_until timestamptz,
  created_at timestamptz not null,
  opened_at timestamptz,
  voted_at timestamptz,
  voided_at timestamptz,
  void_code text,
  choice text check (choice in ('a', 'b', 'tie', 'both_bad')),
  reasons text[] not null default '{}',
  comment text,
  -- Characters of each side that were shown when the vote was cast.
  a_shown integer,
  b_shown integer,
  vote_id uuid,
  check ((state = 'voided') = (voided_at is not null)),
  check ((state = 'voted') = (voted_at is not null)),
  check ((voted_at is null) = (choice is null))
);
create index battles_subject_idx on battles (organisation_id, subject_id, id);
create index battles_voted_idx on battles (subject_id, voted_at) where voted_at is not null;

create table battle_turns (
  battle_id uuid not null references battles (id) on delete cascade,
  turn smallint not null,
  -- What the turn adds to the conversation: a list of messages; null: it was not to be kept.
  messages jsonb,
  asked_at timestamptz not null,
  primary key (battle_id, turn)
);
create index battle_turns_kept_idx on battle_turns (asked_at) where messages is not null;

create table battle_answers (
  battle_id uuid not null references battles (id) on delete cascade,
  turn smallint not null,
  side text not null check (side in ('a', 'b')),
  usage_id uuid not null,
  variant_id uuid,
  listing_id uuid,
  -- refused: the provider refused the content.
  outcome text not null check (outcome in ('answered', 'refused')),
  finish_reason text,
  -- Null: it was not to be kept.
  text text,
  characters integer not null check (characters >= 0),
  primary key (battle_id, turn, side)
);

-- Every request of a battle, those of draws that were voided too.
create table battle_requests (
  usage_id uuid primary key,
  battle_id uuid not null references battles (id) on delete cascade
);
create index battle_requests_battle_idx on battle_requests (battle_id);

-- What was told of a battle, in order, until the vote.
create table battle_events (
  battle_id uuid not null references battles (id) on delete cascade,
  seq integer not null,
  name text not null,
  -- As it is sent, byte by byte.
  data json not null,
  a_shown integer not null,
  b_shown integer not null,
  told_at timestamptz not null,
  primary key (battle_id, seq)
);

-- Usage of battles that may be shown: it names who answered.
create table usage_revealed (
  usage_id uuid primary key
);

create table arena_settings (
  is_only boolean primary key default true check (is_only),
  control_share double precision not null check (control_share between 0 and 1),
  chat_share double precision not null check (chat_share between 0 and 1),
  votes_per_minute integer not null check (votes_per_minute > 0),
  votes_per_day integer not null check (votes_per_day > 0),
  -- Null: nothing is too fast.
  letters_per_second integer check (letters_per_second > 0),
  -- Null: no cap.
  battles_per_day integer check (battles_per_day >= 0),
  cost_per_day_pico numeric(38,0) check (cost_per_day_pico >= 0),
  updated_at timestamptz not null
);

-- What somebody decided of a vote: no check of ours overrules it.
create table vote_decisions (
  id uuid primary key,
  vote_id uuid not null references votes (id),
  decision text not null check (decision in ('restore', 'set_aside')),
  reason text not null,
  decided_by uuid not null,
  decided_at timestamptz not null
);
create index vote_decisions_vote_idx on vote_decisions (vote_id, id);

-- Who is erased leaves no texts: neither what they wrote nor what they were answered. Votes stay.
create function forget_battle_texts() returns trigger language plpgsql as $forget$
begin
  update battle_turns set messages = null
    where battle_id in (select id from battles where subject_id = old.id);
  update battle_answers set text = null
    where battle_id in (select id from battles where subject_id = old.id);
  delete from battle_events
    where battle_id in (select id from battles where subject_id = old.id);
  update battles set comment = null where subject_id = old.id and comment is not null;
  return null;
end $forget$;
create index battles_by_subject_idx on battles (subject_id);
create trigger subjects_forget_battle_texts after update of person_id on subjects
  for each row when (old.person_id is not null and new.person_id is null)
  execute function forget_battle_texts();
`,
}
