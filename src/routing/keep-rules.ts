import type { Log, ModelId, OrganisationId } from '../kernel/index.ts'
import { narrowPolicy } from './keep-policy.ts'
import type { HeldPolicy } from './store.ts'
import type { Bound } from './types-asking.ts'
import { DEFAULT_ROUTES, type Policy, type RouteSettings } from './types-choice.ts'
import type { Retirement, RetirementRules } from './types-retirement.ts'

/** All that owners said, as one reading of the database has it. */
export interface RuleRows {
  readonly policies: readonly HeldPolicy[]
  readonly settings: ReadonlyMap<OrganisationId, RouteSettings>
  readonly retirements: readonly Retirement[]
  readonly retirementRules: ReadonlyMap<OrganisationId, RetirementRules>
}

/** The same, ready to be asked on the way of every request. */
export interface Rules extends RuleRows {
  policyOf(caller: Bound): Policy | null
  settingsOf(organisationId: OrganisationId): RouteSettings
  /** Those that stand, by model. */
  readonly retired: ReadonlyMap<ModelId, Retirement>
  /** Headers of answers of each retired model, names and values in turn. */
  readonly headers: ReadonlyMap<string, readonly string[]>
}

export const NO_RULES: RuleRows = {
  policies: [],
  settings: new Map(),
  retirements: [],
  retirementRules: new Map(),
}

export function indexRules(rows: RuleRows): Rules {
  const own = new Map<string, Policy>()
  for (const { organisationId, teamId, policy } of rows.policies)
    own.set(teamId ?? organisationId, policy)
  const standing = rows.retirements.filter(({ restoredAt }) => restoredAt === null)
  return {
    ...rows,
    policyOf({ organisationId, teamId }) {
      if (own.size === 0) return null
      const all = own.get(organisationId) ?? null
      const team = teamId === null ? null : (own.get(teamId) ?? null)
      return all === null || team === null ? (all ?? team) : narrowPolicy(all, team)
    },
    settingsOf: (organisationId) => rows.settings.get(organisationId) ?? DEFAULT_ROUTES,
    retired: new Map(standing.map((one) => [one.modelId, one])),
    headers: new Map(standing.map((one) => [one.modelId, headersOf(one)])),
  }
}

/**
 * `deprecation`: since when, as a structured date in seconds (RFC 9745); `sunset`: from when on it
 * will not answer, as an HTTP date (RFC 8594).
 */
function headersOf({ retiredAt, sunsetAt }: Retirement): string[] {
  const since = ['deprecation', `@${Math.floor(retiredAt.getTime() / 1_000)}`]
  return sunsetAt === null ? since : [...since, 'sunset', sunsetAt.toUTCString()]
}

/** Rules in memory, read anew on news and while none can arrive. */
export interface KeptRules {
  now(): Rules
  reload(): Promise<void>
  close(): void
}

/** Reading that fails leaves what was known; that is logged once. */
export function tellOnce(log: Log): { failed(error: unknown): void; worked(): void } {
  let isFailing = false
  return {
    failed(error) {
      if (!isFailing) log.warn({ reason: String(error) }, 'changes of routing rules are not seen')
      isFailing = true
    },
    worked() {
      isFailing = false
    },
  }
}
