import { type Kysely, sql } from 'kysely'
import { type ArenaSettings, DEFAULT_ARENA } from './types.ts'

interface SettingsRow {
  readonly control_share: number
  readonly chat_share: number
  readonly votes_per_minute: number
  readonly votes_per_day: number
  readonly letters_per_second: number | null
  readonly battles_per_day: number | null
  readonly cost_per_day_pico: string | null
}

/** What the owner set; the defaults where nothing was. */
export async function selectSettings(db: Kysely<unknown>): Promise<ArenaSettings> {
  const { rows } = await sql<SettingsRow>`select * from arena_settings`.execute(db)
  const [row] = rows
  if (row === undefined) return DEFAULT_ARENA
  return {
    controlShare: row.control_share,
    chatShare: row.chat_share,
    votesPerMinute: row.votes_per_minute,
    votesPerDay: row.votes_per_day,
    lettersPerSecond: row.letters_per_second,
    battlesPerDay: row.battles_per_day,
    costPerDayPico: row.cost_per_day_pico === null ? null : BigInt(row.cost_per_day_pico),
  }
}

export async function upsertSettings(
  db: Kysely<unknown>,
  settings: ArenaSettings,
  at: Date,
): Promise<void> {
  const { controlShare, chatShare, votesPerMinute, votesPerDay, lettersPerSecond } = settings
  const cost = settings.costPerDayPico === null ? null : String(settings.costPerDayPico)
  await sql`insert into arena_settings (control_share, chat_share, votes_per_minute, votes_per_day,
      letters_per_second, battles_per_day, cost_per_day_pico, updated_at)
    values (${controlShare}, ${chatShare}, ${votesPerMinute}, ${votesPerDay}, ${lettersPerSecond},
      ${settings.battlesPerDay}, ${cost}, ${at})
    on conflict (is_only) do update set control_share = excluded.control_share,
      chat_share = excluded.chat_share, votes_per_minute = excluded.votes_per_minute,
      votes_per_day = excluded.votes_per_day, letters_per_second = excluded.letters_per_second,
      battles_per_day = excluded.battles_per_day, cost_per_day_pico = excluded.cost_per_day_pico,
      updated_at = excluded.updated_at`.execute(db)
}
