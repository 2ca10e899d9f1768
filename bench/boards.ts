// How long after a vote its boards have changed, with ten million votes in them.
//   npm run -s bench -- boards [--json] [--votes 10000000]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { type Boards, castVote, openBoards } from '../src/boards/index.ts'
import {
  type ModelId,
  newId,
  type OrganisationId,
  type SubjectId,
  silentLog,
  systemClock,
} from '../src/kernel/index.ts'
import { openHome, openStore, type Store } from '../src/store/index.ts'
import { median, printReport, type Row } from './support/report.ts'

const MODELS = 300
const RATERS = 10_000
/** Pairs of a rater are this far apart: it has no factor with 44,850, so none comes twice. */
const STRIDE = 43
const ROUNDS = 9
const STYLED = 25_000

const folder = mkdtempSync(join(tmpdir(), 'baimo-bench-'))
const home = openHome(folder)
const store = await openStore({ home, databaseUrl: null, log: silentLog, onProgress: () => {} })
try {
  printReport('boards', await measure(store, readVotes()))
} finally {
  await store.close()
  home.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
}

function readVotes(): number {
  const at = process.argv.indexOf('--votes')
  return at === -1 ? 10_000_000 : Number(process.argv[at + 1])
}

function say(text: string): void {
  process.stderr.write(`boards: ${text}\n`)
}

interface World {
  readonly organisationId: OrganisationId
  readonly models: readonly ModelId[]
  readonly raters: readonly SubjectId[]
}

async function measure(of: Store, votes: number): Promise<Row[]> {
  const world = await fill(of, votes)
  const workerPath = fileURLToPath(new URL('../src/boards/rating-worker.ts', import.meta.url))
  const names = new Map(
    world.models.map((id, at) => [
      id as string,
      {
        ...{ name: `maker/m${at}`, openness: null, publisherCountry: null },
        ...{ parametersTotal: null, places: [], retiredAt: null, price: null },
      },
    ]),
  )
  const beganMs = performance.now()
  const boards = openBoards({
    ...{ store: of, clock: systemClock, log: { ...silentLog, warn: logged, error: logged } },
    ...{ workerPath, codeVersion: 'bench', models: () => names },
  })
  try {
    await boards.whenRated()
    const loadMs = performance.now() - beganMs
    say(`${(loadMs / 1_000).toFixed(1)} s until all boards were rated`)
    const waits: Wait[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      waits.push(await voteAndWait(of, { world, boards, round }))
    }
    const restMs = performance.now()
    await boards.whenRated()
    say(`${((performance.now() - restMs) / 1_000).toFixed(1)} s until all was measured anew`)
    const of_ = (key: keyof Wait): number => median(waits.map((wait) => wait[key]))
    return [
      { what: 'vote → overall board changed', value: of_('overall'), unit: 'ms', goal: 500 },
      { what: 'vote → slice changed', value: of_('slice'), unit: 'ms', goal: 2_000 },
      { what: 'vote → styled board changed', value: of_('styled'), unit: 'ms', goal: 2_000 },
      { what: 'start → all boards rated', value: loadMs / 1_000, unit: 's', goal: 120 },
    ]
  } finally {
    await boards.close()
  }
}

function logged(fields: object, message: string): void {
  say(`${message} ${JSON.stringify(fields)}`)
}

interface Wait {
  readonly overall: number
  readonly slice: number
  readonly styled: number
}

/** Milliseconds from the commit of a vote until each board has a version that holds it. */
async function voteAndWait(
  of: Store,
  {
    world,
    boards,
    round,
  }: { readonly world: World; readonly boards: Boards; readonly round: number },
): Promise<Wait> {
  const before = await countVersions(of)
  const look = { words: 100 + round, headings: 1, listItems: 3, bold: 2 }
  await of.transaction((trx) =>
    castVote(trx, {
      ...{ id: newId(), organisationId: world.organisationId, league: 'models', kind: 'votes' },
      battleId: newId(),
      raterId: world.raters[round * 101] ?? newId<'subject'>(),
      left: world.models[round] as ModelId,
      right: world.models[round + 20] as ModelId,
      choice: 'a',
      ...{ prompt: null, slices: ['category:code'], isShared: true, asideReason: null },
      style: [look, { ...look, words: 50 }],
      castAt: new Date(),
    }),
  )
  const beganMs = performance.now()
  boards.votesMoved()
  const waits: Partial<Record<string, number>> = {}
  for (;;) {
    const now = await countVersions(of)
    const passedMs = performance.now() - beganMs
    for (const [key, number] of now) if (number > (before.get(key) ?? 0)) waits[key] ??= passedMs
    const all = ['overall false', 'category:code false', 'overall true']
    if (all.every((key) => waits[key] !== undefined) || passedMs > 30_000) break
    await new Promise((resolve) => setTimeout(resolve, 4))
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const at = (key: string): number => waits[key] ?? Number.POSITIVE_INFINITY
  return {
    overall: at('overall false'),
    slice: at('category:code false'),
    styled: at('overall true'),
  }
}

async function countVersions(of: Store): Promise<Map<string, number>> {
  const { rows } = await sql<{ key: string; number: number }>`
    select slice || ' ' || is_styled as key, max(number) as number from board_versions
    join boards on boards.id = board_id group by 1`.execute(of.db)
  return new Map(rows.map(({ key, number }) => [key, number]))
}

/** Fills the counts as votes would have: 30 models a hundred points apart, ten times over. */
async function fill(of: Store, votes: number): Promise<World> {
  const organisationId = newId<'organisation'>()
  await sql`insert into organisations (id, name, slug, created_at)
    values (${organisationId}, 'bench', 'bench', now())`.execute(of.db)
  const models = Array.from({ length: MODELS }, () => newId<'model'>()).sort()
  await sql`insert into models (id, publisher, name, league, created_at)
    select id, 'maker', id, 'models', now() from unnest(${models}::uuid[]) as id`.execute(of.db)
  const raters = Array.from({ length: RATERS }, () => newId<'subject'>())
  await sql`insert into raters (organisation_id, subject_id, is_shared)
    select ${organisationId}, id, true from unnest(${raters}::uuid[]) as id`.execute(of.db)
  await sql`insert into boards (organisation_id, league, kind, slice)
    values (${organisationId}, 'models', 'votes', 'overall'),
      (${organisationId}, 'models', 'votes', 'category:code')`.execute(of.db)
  await sql`insert into pairs (first_id, second_id)
    select a, b from unnest(${models}::uuid[]) as a, unnest(${models}::uuid[]) as b
    where a < b order by a, b`.execute(of.db)
  await fillCounts(of, votes)
  await fillStyled(of, { organisationId, models, raters })
  await sql`analyze`.execute(of.db)
  return { organisationId, models, raters }
}

async function fillCounts(of: Store, votes: number): Promise<void> {
  const each = Math.round(votes / RATERS)
  const step = 500
  for (let from = 1; from <= RATERS; from += step) {
    await of.transaction(async (trx) => {
      await sql`set local synchronous_commit = off`.execute(trx)
      await sql`select setseed(0.5)`.execute(trx)
      await sql`insert into rater_counts (board_id, rater_id, pair_id, first_wins, second_wins, ties)
        select b, r, e, (u >= 0.15 and u < 0.15 + 0.85 * p)::int, (u >= 0.15 + 0.85 * p)::int,
          (u < 0.15)::int
        from (select b, r, pair.id as e, random() as u, 1 / (1 + exp(-(
            ('x' || right(first_id::text, 3))::bit(12)::int
            - ('x' || right(second_id::text, 3))::bit(12)::int) / 4096.0 * 3)) as p
          from (values (1, ${each}::int), (2, ${Math.ceil(each / 7)}::int)) as o(b, n)
          cross join generate_series(${from}::int, ${from + step - 1}::int) as r
          cross join lateral generate_series(0, n - 1) as k
          join pairs as pair on pair.id = 1 + mod(r * 17 + k * ${STRIDE}::int, 44850)) as drawn
        order by b, r, e`.execute(trx)
    })
    if ((from - 1) % 2_500 === 0) say(`${from - 1 + step} of ${RATERS} raters have voted`)
  }
  await sql`set statement_timeout = 0`.execute(of.db)
  await sql`insert into pair_counts select board_id, pair_id, sum(first_wins), sum(second_wins),
    sum(ties), sum(both_bad) from rater_counts where board_id = 2 group by 1, 2`.execute(of.db)
  for (let from = 0; from < 44_850; from += 4_485)
    await sql`insert into pair_counts select board_id, pair_id, sum(first_wins), sum(second_wins),
      sum(ties), sum(both_bad) from rater_counts where board_id = 1 and pair_id > ${from}
      and pair_id <= ${from + 4_485} group by 1, 2`.execute(of.db)
}

/** The last votes, of which style control takes its share. */
async function fillStyled(of: Store, { organisationId }: World): Promise<void> {
  await sql`insert into votes (id, organisation_id, league, kind, battle_id, rater_id, left_id,
      right_id, pair_id, choice, reasons, board_ids, style, cast_at, state)
    select gen_random_uuid(), ${organisationId}, 'models', 'votes', gen_random_uuid(),
      1 + mod(k, ${RATERS}::int), first_id, second_id, id,
      case when random() < 0.5 then 'a' else 'b' end, '{}', array[1, 2],
      array[50 + random() * 300, random() * 5, random() * 9, random() * 4, 50 + random() * 300,
        random() * 5, random() * 9, random() * 4]::int[], now(), 'counts'
    from generate_series(1, ${STYLED}::int) as k
    join pairs on pairs.id = 1 + mod(k * ${STRIDE}::int, 44850)`.execute(of.db)
}
