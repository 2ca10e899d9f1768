import type { BoardLeague } from '../boards/index.ts'
import type { OrganisationId } from '../kernel/index.ts'
import { firstIdOf } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import type { PairPlan } from '../ratings/index.ts'
import type { ArenaMeans } from './arena-means.ts'
import { refuse } from './errors.ts'
import { findContestants } from './find-contestants.ts'
import { planPairs } from './plan-pairs.ts'
import { countBattlesSince, sumCostSince } from './store.ts'
import type { ArenaSettings, Contestant } from './types.ts'

/** A plan may be so old, or as many times what it took to make: votes move it little. */
const PLAN_SHARED_MS = 5_000
const PLAN_SHARED_TIMES = 500
const DAY_MS = 24 * 60 * 60 * 1_000
const MOST_PLANS = 100

/** Who may be drawn for a caller, and how likely each pair is. */
export function openPools(means: ArenaMeans) {
  const plans = new Map<string, { readonly untilMs: number; readonly plan: PairPlan }>()

  async function planOf(
    organisationId: OrganisationId,
    league: BoardLeague,
    all: readonly Contestant[],
  ): Promise<PairPlan> {
    const ids = all.map(({ modelId }) => modelId)
    const key = [organisationId, league, ...ids].join(' ')
    const nowMs = means.clock.monotonicMs()
    const made = plans.get(key)
    if (made !== undefined && nowMs < made.untilMs) return made.plan
    const name = { organisationId, league, kind: 'votes', slice: 'overall' } as const
    const votes = await means.pairVotes(name)
    const beganMs = means.clock.monotonicMs()
    const plan = planPairs(ids, votes)
    const tookMs = means.clock.monotonicMs() - beganMs
    if (plans.size >= MOST_PLANS) plans.clear()
    const sharedMs = Math.max(PLAN_SHARED_MS, tookMs * PLAN_SHARED_TIMES)
    plans.set(key, { untilMs: beganMs + sharedMs, plan })
    return plan
  }

  return {
    /** Refuses with `arena_models_too_few`. */
    async poolFor(principal: Principal, league: BoardLeague, { controlShare }: ArenaSettings) {
      const rules = { principal, isResting: means.isResting, mayBeDrawn: means.mayBeDrawn }
      const all = findContestants(means.catalog.snapshot(), league, rules)
      if (all.length < 2) {
        const message = `Battles need two models of the league "${league}"; ${all.length} may be drawn for you now.`
        throw refuse('arena_models_too_few', message)
      }
      return { all, plan: await planOf(principal.organisationId, league, all), controlShare }
    },
  }
}

/** Refuses with `arena_cap_reached` where battles took what the owner lets them take in a day. */
export async function demandCap(means: ArenaMeans, settings: ArenaSettings): Promise<void> {
  const { battlesPerDay, costPerDayPico } = settings
  if (battlesPerDay === null && costPerDayPico === null) return
  const nowMs = means.clock.nowMs()
  const dayMs = nowMs - (nowMs % DAY_MS)
  const first = firstIdOf(dayMs)
  const again = { retryAfterSeconds: Math.ceil((dayMs + DAY_MS - nowMs) / 1_000) }
  const { db } = means.store
  if (battlesPerDay !== null && (await countBattlesSince(db, first)) >= battlesPerDay)
    throw refuse('arena_cap_reached', `The owner lets ${battlesPerDay} battles a day be.`, again)
  if (costPerDayPico === null) return
  const costs = await sumCostSince(db, first)
  const spent = costs.reduce((sum, cost) => sum + (means.convert(cost) ?? 0n), 0n)
  if (spent >= costPerDayPico)
    throw refuse('arena_cap_reached', 'Battles cost today what the owner lets them cost.', again)
}
