export const limits = {
  name: '0006-limits',
  kind: 'expand',
  sql: `
-- What a key, a person, a team or an organisation may use. Null: no limit. Its row is also the lock
-- of all its counters. Holders are referred to without foreign keys: a limit ends nobody.
create table limits (
  id uuid primary key,
  holder_kind text not null check (holder_kind in ('key', 'person', 'team', 'organisation')),
  holder_id uuid not null,
  organisation_id uuid not null,
  requests_per_minute bigint check (requests_per_minute > 0),
  tokens_per_minute bigint check (tokens_per_minute > 0),
  concurrent_requests bigint check (concurrent_requests > 0),
  updated_at timestamptz not null,
  -- A person may be in several organisations, each with limits of its own for them.
  unique (organisation_id, holder_kind, holder_id)
);

-- Parts of a limit that processes have leased or used. A lease counts until its time is over,
-- whatever becomes of its process.
create table limit_leases (
  id uuid primary key,
  limit_id uuid not null references limits on delete cascade,
  metric text not null check (metric in ('requests', 'tokens', 'concurrent')),
  process_id uuid not null,
  sequence bigint not null,
  amount bigint not null check (amount >= 0),
  granted_at timestamptz not null,
  open_until timestamptz not null,
  counts_until timestamptz not null
);
create index limit_leases_by_counter on limit_leases (limit_id, metric);
create index limit_leases_by_end on limit_leases (counts_until);

-- Books reports, then answers asks; see src/limits/store.ts. A function, because each statement in
-- it sees what was committed before it began: the sums must see all that was granted before the
-- lock was ours. A single statement would sum by what it saw before it waited.
create function take_limits(
  in_process uuid, in_sequence bigint, in_times jsonb, in_asks jsonb, in_reports jsonb
) returns table (
  is_limited boolean, cap bigint, granted bigint, remaining bigint, elsewhere bigint,
  retry_ms double precision, reset_ms double precision
) language plpgsql volatile as $take$
#variable_conflict use_column
declare
  v_window interval := make_interval(secs => (in_times->>'window_ms')::double precision / 1000);
  v_open interval := make_interval(secs => (in_times->>'open_ms')::double precision / 1000);
  v_places interval := make_interval(secs => (in_times->>'lease_ms')::double precision / 1000);
  v_now timestamptz;
  v_most timestamptz;
  v_available bigint;
  v_sharers bigint;
  v_fit bigint;
  v_ask record;
  -- No limit is larger. What providers claim was used is counted up to it, and sums are kept in
  -- range: one figure must not end the statement that everybody shares.
  v_largest constant bigint := 1000000000000;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'limits need the isolation level read committed: set it as the default of the role';
  end if;
  -- Locks first, in one order everywhere, or two processes wait for each other.
  perform 1 from limits as l
    where l.id in (
      select named.id from jsonb_to_recordset(in_asks || in_reports) as named(id uuid)
    )
    order by l.id
    for no key update of l;
  v_now := clock_timestamp();

  delete from limit_leases as s
    using jsonb_to_recordset(in_reports) as r(lease uuid, amount bigint)
    where s.id = r.lease and r.amount = 0;
  update limit_leases as s
    set amount = least(r.amount, v_largest), open_until = least(s.open_until, v_now),
      counts_until = least(s.counts_until,
        s.granted_at + make_interval(secs => r.last_use_ms / 1000) + v_window)
    from jsonb_to_recordset(in_reports)
      as r(lease uuid, amount bigint, last_use_ms double precision)
    where s.id = r.lease and r.amount > 0 and r.last_use_ms is not null;
  insert into limit_leases
    select r.lease, r.id, r.metric, in_process, in_sequence, least(r.amount, v_largest), v_now,
      v_now, v_now + v_window
    from jsonb_to_recordset(in_reports) as r(
      lease uuid, id uuid, metric text, amount bigint, last_use_ms double precision)
    join limits as l on l.id = r.id
    where r.amount > 0 and r.last_use_ms is null
    on conflict (id) do nothing;

  for v_ask in select * from jsonb_to_recordset(in_asks) as a(
    id uuid, metric text, lease uuid, least bigint, most bigint, extra bigint, held bigint)
  loop
    granted := 0; elsewhere := 0; remaining := 0; retry_ms := null; reset_ms := 0; cap := null;
    select case v_ask.metric
        when 'requests' then l.requests_per_minute
        when 'tokens' then l.tokens_per_minute
        else l.concurrent_requests
      end into cap
      from limits as l where l.id = v_ask.id;
    is_limited := cap is not null;
    if not is_limited then
      cap := 0;
      return next;
      continue;
    end if;

    -- A clock that was set back must not make anything count for longer than it could have.
    v_most := v_now + case v_ask.metric when 'concurrent' then v_places else v_open + v_window end;
    delete from limit_leases as s
      where s.limit_id = v_ask.id and s.metric = v_ask.metric
        and s.counts_until <= v_now;
    update limit_leases as s
      set counts_until = v_most, open_until = least(s.open_until, v_most),
        granted_at = least(s.granted_at, v_now)
      where s.limit_id = v_ask.id and s.metric = v_ask.metric
        and s.counts_until > v_most;
    select cap - least(coalesce(sum(s.amount), 0), 1000 * v_largest),
        1 + count(distinct s.process_id) filter (
          where s.process_id <> in_process and s.granted_at > v_now - 3 * v_open),
        least(coalesce(sum(s.amount) filter (
          where s.process_id <> in_process and s.open_until > v_now), 0), 1000 * v_largest),
        coalesce(extract(epoch from max(s.counts_until) - v_now) * 1000, 0)
      into v_available, v_sharers, elsewhere, reset_ms
      from limit_leases as s
      where s.limit_id = v_ask.id and s.metric = v_ask.metric
        and s.id <> v_ask.lease;
    v_available := v_available - v_ask.held;

    if v_available >= v_ask.least then
      v_fit := greatest(0, least(v_ask.most, v_available));
      granted := v_fit + greatest(0, least(v_ask.extra, (v_available - v_fit) / (4 * v_sharers)));
    elsif v_ask.metric <> 'concurrent' then
      select extract(epoch from min(counts_until) - v_now) * 1000 into retry_ms from (
        select s.counts_until,
          v_available + sum(s.amount) over (order by s.counts_until, s.id) as free
        from limit_leases as s
        where s.limit_id = v_ask.id and s.metric = v_ask.metric
      ) as lapse where free >= v_ask.least;
    end if;

    if v_ask.metric = 'concurrent' then
      -- The whole truth of this process, so that an answer that got lost mends itself; one that
      -- comes late, after a newer one, must not undo it.
      insert into limit_leases as s values (v_ask.lease, v_ask.id, v_ask.metric,
          in_process, in_sequence, v_ask.held + granted, v_now, v_now + v_places, v_now + v_places)
        on conflict (id) do update
          set amount = excluded.amount, sequence = excluded.sequence,
            granted_at = excluded.granted_at, open_until = excluded.open_until,
            counts_until = excluded.counts_until
          where s.sequence < excluded.sequence;
      if not found then granted := 0; end if;
    elsif granted > 0 then
      insert into limit_leases values (v_ask.lease, v_ask.id, v_ask.metric, in_process,
        in_sequence, granted, v_now, v_now + v_open, v_now + v_open + v_window);
    end if;
    remaining := v_available - granted;
    return next;
  end loop;
end $take$;

-- Removes the limits of keys that were revoked and of people, teams and organisations that are
-- gone. What is in use at this moment waits for the next time.
create function drop_limits_without_holder() returns bigint language sql volatile as $drop$
  with gone as (
    select l.id from limits as l
    where not case l.holder_kind
      when 'key' then exists (
        select from keys as k where k.id = l.holder_id and k.revoked_at is null)
      when 'person' then exists (
        select from members as m
        where m.person_id = l.holder_id and m.organisation_id = l.organisation_id)
      when 'team' then exists (select from teams as t where t.id = l.holder_id)
      else exists (select from organisations as o where o.id = l.holder_id)
    end
    order by l.id
    for update skip locked
  ), dropped as (
    delete from limits as l using gone where l.id = gone.id returning l.id
  )
  select count(*) from dropped
$drop$;
`,
}
