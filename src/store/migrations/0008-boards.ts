import type { Migration } from '../types.ts'

/**
 * Votes, the counts that boards are made from, and the boards' versions and certificates.
 *
 * A vote is never deleted: its `state` says whether it counts. Counts follow in the transaction
 * that casts or moves a vote, and every move of counts has a row in `vote_moves`, by which boards
 * in memory keep up. The functions lock in one order: rater, boards, pair, vote, then counts of
 * raters, of prompts and of pairs, each with the board `overall` first and the others by id.
 */
export const boards: Migration = {
  name: '0008-boards',
  kind: 'expand',
  sql: `
-- A league in a slice, of one organisation; people's votes and programs' judgements apart.
create table boards (
  id integer generated always as identity primary key,
  organisation_id uuid not null references organisations (id),
  league text not null check (league in ('models', 'practice', 'apps')),
  kind text not null check (kind in ('votes', 'judgements')),
  slice text not null check (slice ~ '^(overall|(language|category|length|turns):[a-z]{1,20})$'),
  -- Makes the raters of its download pseudonyms.
  salt uuid not null default gen_random_uuid(),
  is_public boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  unique (organisation_id, league, kind, slice)
);

-- What an organisation set for its boards; no row: the defaults.
create table board_settings (
  organisation_id uuid primary key references organisations (id),
  least_people integer not null check (least_people between 1 and 100000),
  least_tolerance integer not null check (least_tolerance between 0 and 1000000),
  updated_at timestamptz not null
);

-- Who votes, by number: people by their subject, programs that judge by an id of their own.
create table raters (
  id integer generated always as identity primary key,
  organisation_id uuid not null references organisations (id),
  subject_id uuid not null,
  -- Whether the counts of this rater may leave the organisation under a pseudonym.
  is_shared boolean not null default false,
  unique (organisation_id, subject_id)
);

-- Two models, whichever stood left.
create table pairs (
  id integer generated always as identity primary key,
  first_id uuid not null references models (id),
  second_id uuid not null references models (id),
  unique (first_id, second_id),
  check (first_id < second_id)
);

create table votes (
  id uuid primary key,
  organisation_id uuid not null references organisations (id),
  league text not null,
  kind text not null check (kind in ('votes', 'judgements')),
  battle_id uuid not null,
  rater_id integer not null references raters (id),
  left_id uuid not null references models (id),
  right_id uuid not null references models (id),
  -- Null: a model against itself, a control.
  pair_id integer references pairs (id),
  choice text not null check (choice in ('a', 'b', 'tie', 'both_bad')),
  reasons text[] not null,
  -- Same prompt, same value; null: unknown.
  prompt uuid,
  -- Overall first, then ascending.
  board_ids integer[] not null,
  -- Words, headings, list items, bold of the left answer, then of the right; null: unknown.
  style integer[] check (array_length(style, 1) = 8),
  cast_at timestamptz not null,
  -- over: beyond what one rater may say of one pair. aside: taken out, for a reason.
  state text not null check (state in ('counts', 'over', 'aside', 'control')),
  aside_reason text,
  moved_at timestamptz,
  check ((state = 'aside') = (aside_reason is not null)),
  check ((pair_id is null) = (left_id = right_id))
);
create unique index votes_once_idx on votes (battle_id, rater_id);
create index votes_board_idx on votes (organisation_id, league, kind, id);
create index votes_rater_idx on votes (rater_id, id);
create index votes_control_idx on votes (organisation_id, league, kind, id) where pair_id is null;

create table pair_counts (
  board_id integer not null references boards (id),
  pair_id integer not null references pairs (id),
  first_wins bigint not null check (first_wins >= 0),
  second_wins bigint not null check (second_wins >= 0),
  ties bigint not null check (ties >= 0),
  both_bad bigint not null check (both_bad >= 0),
  primary key (board_id, pair_id)
) with (fillfactor = 60);

-- What a rater said beyond the cap is kept beside: a board of one rater has no cap.
create table rater_counts (
  board_id integer not null,
  rater_id integer not null,
  pair_id integer not null,
  first_wins smallint not null default 0 check (first_wins >= 0),
  second_wins smallint not null default 0 check (second_wins >= 0),
  ties smallint not null default 0 check (ties >= 0),
  both_bad smallint not null default 0 check (both_bad >= 0),
  over_first integer not null default 0 check (over_first >= 0),
  over_second integer not null default 0 check (over_second >= 0),
  over_ties integer not null default 0 check (over_ties >= 0),
  over_both_bad integer not null default 0 check (over_both_bad >= 0),
  primary key (board_id, rater_id, pair_id)
);
create index rater_counts_rater_idx on rater_counts (rater_id, board_id);

create table prompt_counts (
  board_id integer not null,
  prompt uuid not null,
  pair_id integer not null,
  first_wins integer not null check (first_wins >= 0),
  second_wins integer not null check (second_wins >= 0),
  ties integer not null check (ties >= 0),
  both_bad integer not null check (both_bad >= 0),
  primary key (board_id, prompt, pair_id)
);

-- Every move of counts, in the order it was begun. Old ones leave once all boards have them.
create table vote_moves (
  seq bigint generated always as identity primary key,
  vote_id uuid not null,
  board_ids integer[] not null,
  pair_id integer not null,
  rater_id integer not null,
  prompt uuid,
  -- 0 to 3: first, second, tie, both bad.
  outcome smallint not null,
  sign smallint not null check (sign in (-1, 1)),
  is_over boolean not null,
  moved_at timestamptz not null default clock_timestamp()
);

-- What a board said at one moment. It never changes.
create table board_versions (
  board_id integer not null references boards (id),
  is_styled boolean not null,
  number integer not null,
  made_at timestamptz not null,
  method text not null,
  code_version text not null,
  votes bigint not null,
  raters integer not null,
  models integer not null,
  -- Holds every move up to low_seq, and those of extra_seqs.
  low_seq bigint not null,
  extra_seqs bigint[] not null,
  -- Stays for good: it certified something, or somebody asked for it by its number.
  is_kept boolean not null,
  -- JSON, compressed by gzip.
  payload bytea not null,
  primary key (board_id, is_styled, number)
);

-- A claim that was certified stays on record with its date, until something voids it.
create table certificates (
  board_id integer not null references boards (id),
  is_styled boolean not null,
  better_id uuid not null references models (id),
  worse_id uuid not null references models (id),
  certified_in integer not null,
  certified_at timestamptz not null,
  log_e double precision not null,
  tolerance double precision,
  voided_in integer,
  voided_at timestamptz,
  void_reason text check (void_reason in ('reversed', 'retired', 'drift', 'second_person')),
  primary key (board_id, is_styled, better_id, worse_id, certified_in),
  check ((voided_at is null) = (void_reason is null))
);
create unique index certificates_standing_idx
  on certificates (board_id, is_styled, better_id, worse_id) where voided_at is null;

create function cap_state(in_boards integer[], in_rater integer, in_pair integer, in_cap integer)
returns text language plpgsql as $cap$
declare
  v_state text;
begin
  insert into rater_counts (board_id, rater_id, pair_id) values (in_boards[1], in_rater, in_pair)
    on conflict do nothing;
  select case when first_wins + second_wins + ties + both_bad >= in_cap then 'over'
      else 'counts' end
    into v_state from rater_counts
    where board_id = in_boards[1] and rater_id = in_rater and pair_id = in_pair
    for update;
  return v_state;
end $cap$;

-- Adds a vote to the counts of its boards, or takes it out. outcome: 1 to 4.
create function move_counts(in_vote votes, in_sign integer, in_is_over boolean)
returns void language plpgsql as $move$
declare
  v_first uuid; v_outcome integer; v_board integer;
  d integer[];
begin
  select first_id into v_first from pairs where id = in_vote.pair_id;
  v_outcome := case in_vote.choice when 'tie' then 3 when 'both_bad' then 4
    else case when (in_vote.choice = 'a') = (in_vote.left_id = v_first) then 1 else 2 end end;
  d := array[0, 0, 0, 0];
  d[v_outcome] := in_sign;
  foreach v_board in array in_vote.board_ids loop
    insert into rater_counts (board_id, rater_id, pair_id)
      values (v_board, in_vote.rater_id, in_vote.pair_id) on conflict do nothing;
    if in_is_over then
      update rater_counts set over_first = over_first + d[1], over_second = over_second + d[2],
          over_ties = over_ties + d[3], over_both_bad = over_both_bad + d[4]
        where board_id = v_board and rater_id = in_vote.rater_id and pair_id = in_vote.pair_id;
    else
      update rater_counts set first_wins = first_wins + d[1], second_wins = second_wins + d[2],
          ties = ties + d[3], both_bad = both_bad + d[4]
        where board_id = v_board and rater_id = in_vote.rater_id and pair_id = in_vote.pair_id;
    end if;
  end loop;
  if not in_is_over then
    if in_vote.prompt is not null then
      foreach v_board in array in_vote.board_ids loop
        insert into prompt_counts values (v_board, in_vote.prompt, in_vote.pair_id, 0, 0, 0, 0)
          on conflict do nothing;
        update prompt_counts set first_wins = first_wins + d[1], second_wins = second_wins + d[2],
            ties = ties + d[3], both_bad = both_bad + d[4]
          where board_id = v_board and prompt = in_vote.prompt and pair_id = in_vote.pair_id;
      end loop;
    end if;
    foreach v_board in array in_vote.board_ids loop
      insert into pair_counts values (v_board, in_vote.pair_id, 0, 0, 0, 0)
        on conflict do nothing;
      update pair_counts set first_wins = first_wins + d[1], second_wins = second_wins + d[2],
          ties = ties + d[3], both_bad = both_bad + d[4]
        where board_id = v_board and pair_id = in_vote.pair_id;
    end loop;
  end if;
  insert into vote_moves (vote_id, board_ids, pair_id, rater_id, prompt, outcome, sign, is_over)
    values (in_vote.id, in_vote.board_ids, in_vote.pair_id, in_vote.rater_id, in_vote.prompt,
      v_outcome - 1, in_sign, in_is_over);
end $move$;

-- The state of the vote; null: this rater has voted in this battle already.
create function cast_vote(in_vote jsonb, in_cap integer) returns text language plpgsql as $cast$
declare
  v votes; v_slices text[]; v_subject uuid; v_shared boolean; v_lower uuid; v_upper uuid;
begin
  v := jsonb_populate_record(null::votes, in_vote);
  v_subject := in_vote ->> 'subject_id';
  v_shared := in_vote ->> 'is_shared';
  select array_agg(s) into v_slices from jsonb_array_elements_text(in_vote -> 'slices') as s;

  select id into v.rater_id from raters
    where organisation_id = v.organisation_id and subject_id = v_subject;
  if not found then
    insert into raters (organisation_id, subject_id, is_shared)
      values (v.organisation_id, v_subject, v_shared) on conflict do nothing;
    select id into v.rater_id from raters
      where organisation_id = v.organisation_id and subject_id = v_subject;
  end if;
  update raters set is_shared = v_shared where id = v.rater_id and is_shared <> v_shared;

  if (select count(*) from boards where organisation_id = v.organisation_id
      and league = v.league and kind = v.kind and slice = any(v_slices)) < array_length(v_slices, 1)
  then
    insert into boards (organisation_id, league, kind, slice)
      select v.organisation_id, v.league, v.kind, s from unnest(v_slices) as s order by s
      on conflict do nothing;
  end if;
  select array_agg(id order by slice <> 'overall', id) into v.board_ids from boards
    where organisation_id = v.organisation_id and league = v.league and kind = v.kind
      and slice = any(v_slices);

  if v.left_id <> v.right_id then
    v_lower := least(v.left_id, v.right_id);
    v_upper := greatest(v.left_id, v.right_id);
    select id into v.pair_id from pairs where first_id = v_lower and second_id = v_upper;
    if not found then
      insert into pairs (first_id, second_id) values (v_lower, v_upper) on conflict do nothing;
      select id into v.pair_id from pairs where first_id = v_lower and second_id = v_upper;
    end if;
  end if;

  v.state := case when v.aside_reason is not null then 'aside'
    when v.pair_id is null then 'control' else 'counts' end;
  insert into votes select (v).* on conflict (battle_id, rater_id) do nothing;
  if not found then
    return null;
  end if;
  if v.state = 'counts' then
    v.state := cap_state(v.board_ids, v.rater_id, v.pair_id, in_cap);
    if v.state = 'over' then
      update votes set state = 'over' where id = v.id;
    end if;
    perform move_counts(v, 1, v.state = 'over');
  end if;
  return v.state;
end $cast$;

-- Sets a vote aside for a reason, or puts it back (null). Its state after that; null: no such vote.
create function set_vote_aside(in_id uuid, in_organisation uuid, in_reason text, in_at timestamptz,
  in_cap integer) returns text language plpgsql as $aside$
declare
  v votes; v_state text;
begin
  select * into v from votes
    where id = in_id and organisation_id = in_organisation for update;
  if not found then
    return null;
  end if;
  if (in_reason is null) = (v.state <> 'aside') then
    return v.state;
  end if;
  if v.pair_id is null then
    v_state := case when in_reason is null then 'control' else 'aside' end;
  elsif in_reason is null then
    v_state := cap_state(v.board_ids, v.rater_id, v.pair_id, in_cap);
    perform move_counts(v, 1, v_state = 'over');
  else
    v_state := 'aside';
    perform cap_state(v.board_ids, v.rater_id, v.pair_id, in_cap);
    perform move_counts(v, -1, v.state = 'over');
  end if;
  update votes set state = v_state, aside_reason = in_reason, moved_at = in_at where id = v.id;
  return v_state;
end $aside$;
`,
}
