import { type Kysely, sql } from 'kysely'
import type { Openness } from '../catalog/index.ts'
import type { OrganisationId, TeamId } from '../kernel/index.ts'
import type { Policy, RouteSettings } from './types-choice.ts'

type Database = Kysely<unknown>

/** A policy with whose it is; `teamId` null: the organisation's own. */
export interface HeldPolicy {
  readonly organisationId: OrganisationId
  readonly teamId: TeamId | null
  readonly policy: Policy
  readonly updatedAt: Date
}

export async function selectPolicies(db: Database): Promise<HeldPolicy[]> {
  const { rows } = await sql<{
    organisation_id: OrganisationId
    team_id: TeamId | null
    places: readonly string[] | null
    is_without_retention: boolean
    is_without_training: boolean
    least_openness: Openness | null
    updated_at: Date
  }>`select * from policies order by organisation_id, team_id nulls first`.execute(db)
  return rows.map((row) => ({
    organisationId: row.organisation_id,
    teamId: row.team_id,
    policy: {
      places: row.places,
      isWithoutRetention: row.is_without_retention,
      isWithoutTraining: row.is_without_training,
      leastOpenness: row.least_openness,
    },
    updatedAt: row.updated_at,
  }))
}

/** Replaces what was held before. */
export async function putPolicy(db: Database, held: HeldPolicy): Promise<void> {
  const { organisationId, teamId, policy, updatedAt } = held
  await deletePolicy(db, held)
  await sql`insert into policies (organisation_id, team_id, places, is_without_retention,
      is_without_training, least_openness, updated_at)
    values (${organisationId}, ${teamId}, ${policy.places}::text[], ${policy.isWithoutRetention},
      ${policy.isWithoutTraining}, ${policy.leastOpenness}, ${updatedAt})`.execute(db)
}

export async function deletePolicy(
  db: Database,
  { organisationId, teamId }: Pick<HeldPolicy, 'organisationId' | 'teamId'>,
): Promise<void> {
  await sql`delete from policies where organisation_id = ${organisationId}
    and team_id is not distinct from ${teamId}::uuid`.execute(db)
}

/** By organisation; those that set nothing are absent. */
export async function selectRouteSettings(
  db: Database,
): Promise<Map<OrganisationId, RouteSettings>> {
  const { rows } = await sql<{
    organisation_id: OrganisationId
    exploration_share: number
    most_price: number | null
    most_first_byte_ms: number | null
    win_value: number | null
  }>`select * from route_settings`.execute(db)
  return new Map(
    rows.map((row) => [
      row.organisation_id,
      {
        explorationShare: row.exploration_share,
        mostPrice: row.most_price,
        mostFirstByteMs: row.most_first_byte_ms,
        winValue: row.win_value,
      },
    ]),
  )
}

export async function putRouteSettings(
  db: Database,
  organisationId: OrganisationId,
  { settings, at }: { readonly settings: RouteSettings; readonly at: Date },
): Promise<void> {
  await sql`insert into route_settings (organisation_id, exploration_share, most_price,
      most_first_byte_ms, win_value, updated_at)
    values (${organisationId}, ${settings.explorationShare}, ${settings.mostPrice},
      ${settings.mostFirstByteMs}, ${settings.winValue}, ${at})
    on conflict (organisation_id) do update set exploration_share = excluded.exploration_share,
      most_price = excluded.most_price, most_first_byte_ms = excluded.most_first_byte_ms,
      win_value = excluded.win_value, updated_at = excluded.updated_at`.execute(db)
}
