import { type Kysely, sql } from 'kysely'
import type { JsonObject, ModelId, OrganisationId, SubjectId } from '../kernel/index.ts'
import type { Retirement, RetirementRules } from './types-retirement.ts'

type Database = Kysely<unknown>

interface RetirementRow {
  readonly id: string
  readonly model_id: ModelId
  readonly successor_id: ModelId | null
  readonly retired_at: Date
  readonly sunset_at: Date | null
  readonly retired_by: SubjectId | null
  readonly evidence: JsonObject | null
  readonly restored_at: Date | null
  readonly restored_by: SubjectId | null
}

/** Every retirement there was, oldest first. */
export async function selectRetirements(db: Database): Promise<Retirement[]> {
  const { rows } = await sql<RetirementRow>`
    select * from retirements order by retired_at, id`.execute(db)
  return rows.map((row) => ({
    id: row.id,
    modelId: row.model_id,
    successorId: row.successor_id,
    retiredAt: row.retired_at,
    sunsetAt: row.sunset_at,
    retiredBy: row.retired_by,
    evidence: row.evidence,
    restoredAt: row.restored_at,
    restoredBy: row.restored_by,
  }))
}

/** False: the model is retired already. */
export async function insertRetirement(db: Database, one: Retirement): Promise<boolean> {
  const { numAffectedRows } = await sql`insert into retirements (id, model_id, successor_id,
      retired_at, sunset_at, retired_by, evidence)
    values (${one.id}, ${one.modelId}, ${one.successorId}, ${one.retiredAt}, ${one.sunsetAt},
      ${one.retiredBy}, ${one.evidence === null ? null : JSON.stringify(one.evidence)}::jsonb)
    on conflict do nothing`.execute(db)
  return numAffectedRows === 1n
}

/** False: the model was not retired. */
export async function restoreModel(
  db: Database,
  { modelId, at, by }: { readonly modelId: ModelId; readonly at: Date; readonly by: SubjectId },
): Promise<boolean> {
  const { numAffectedRows } = await sql`update retirements
    set restored_at = ${at}, restored_by = ${by}
    where model_id = ${modelId} and restored_at is null`.execute(db)
  return numAffectedRows === 1n
}

/** By organisation; those that set nothing are absent. */
export async function selectRetirementRules(
  db: Database,
): Promise<Map<OrganisationId, RetirementRules>> {
  const { rows } = await sql<{
    organisation_id: OrganisationId
    slices: readonly string[]
    least_information: number | null
    least_days: number | null
    is_automatic: boolean
    most_free_share: number
    sunset_days: number | null
  }>`select * from retirement_settings`.execute(db)
  return new Map(
    rows.map((row) => [
      row.organisation_id,
      {
        slices: row.slices,
        infancy: { leastInformation: row.least_information, leastDays: row.least_days },
        isAutomatic: row.is_automatic,
        mostFreeShare: row.most_free_share,
        sunsetDays: row.sunset_days,
      },
    ]),
  )
}

export async function putRetirementRules(
  db: Database,
  organisationId: OrganisationId,
  { rules, at }: { readonly rules: RetirementRules; readonly at: Date },
): Promise<void> {
  const { leastInformation, leastDays } = rules.infancy
  await sql`insert into retirement_settings (organisation_id, slices, least_information, least_days,
      is_automatic, most_free_share, sunset_days, updated_at)
    values (${organisationId}, ${rules.slices}::text[], ${leastInformation}, ${leastDays},
      ${rules.isAutomatic}, ${rules.mostFreeShare}, ${rules.sunsetDays}, ${at})
    on conflict (organisation_id) do update set slices = excluded.slices,
      least_information = excluded.least_information, least_days = excluded.least_days,
      is_automatic = excluded.is_automatic, most_free_share = excluded.most_free_share,
      sunset_days = excluded.sunset_days, updated_at = excluded.updated_at`.execute(db)
}
