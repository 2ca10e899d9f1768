import { selectVotedBattles, type VotedBattle } from './arena/index.ts'
import { namedListingsOf, type Parts } from './compose-routes.ts'
import { systemClock as clock, type Log } from './kernel/index.ts'
import {
  type KeptRules,
  type OpenRouting,
  openRetirements,
  openRouting,
  type ReplayParts,
  type Retirements,
} from './routing/index.ts'
import type { Store } from './store/index.ts'

const PICO = 1e12
const RULES_EVERY_MS = 600_000

/** What routing opens: who answers `auto`, and who leaves the market. */
export interface RoutingParts {
  readonly routing: OpenRouting
  readonly retirements: Retirements
  readonly pastBattles: ReplayParts['battles']
}

/** Routing over the catalog, its prices and the boards. */
export function openRoutingOf(
  { catalog, pricing, boards }: Pick<Parts, 'catalog' | 'pricing' | 'boards'>,
  ground: { readonly store: Store; readonly log: Log; readonly rules: KeptRules },
): RoutingParts {
  const listings = namedListingsOf(catalog)
  const priceOf = (listingId: string): number | null => {
    const listing = listings().get(listingId)
    const price = listing === undefined ? null : pricing.typicalCost(listing, clock.nowMs())
    return price === null ? null : Number(price.amountPico) / PICO
  }
  const inOwn = (amount: { readonly currency: string; readonly amountPico: bigint }) => {
    const found = pricing.convert(amount, pricing.currency, clock.nowMs())
    return found === null ? null : Number(found.amountPico) / PICO
  }
  const on = { ...ground, clock, catalog, boards, priceOf, inOwn }
  const fromUsd = (amount: number): number | null =>
    inOwn({ currency: 'USD', amountPico: BigInt(Math.round(amount * PICO)) })
  const pastBattles = pastBattlesOf({ catalog, pricing, store: ground.store })
  return { routing: openRouting({ ...on, fromUsd }), retirements: openRetirements(on), pastBattles }
}

/** Past battles as a replay reads them. */
function pastBattlesOf({
  catalog,
  pricing,
  store,
}: Pick<Parts, 'catalog' | 'pricing'> & { readonly store: Store }): ReplayParts['battles'] {
  return async ({ organisationId, since }) => {
    const names = new Map(
      catalog.rows().models.map(({ id, publisher, name }) => [id, `${publisher}/${name}`]),
    )
    const costOf = (cost: VotedBattle['costs']['a']): number | null => {
      const own = cost === null ? null : pricing.convert(cost, pricing.currency, clock.nowMs())
      return own === null ? null : Number(own.amountPico) / PICO
    }
    const of = { organisationId, league: 'models', since }
    return (await selectVotedBattles(store.db, of)).map(({ costs, ...battle }) => ({
      ...battle,
      a: names.get(battle.a) ?? battle.a,
      b: names.get(battle.b) ?? battle.b,
      ...{ costA: costOf(costs.a), costB: costOf(costs.b) },
    }))
  }
}

/** What the owner lets the market do by itself is done now and then. */
export function runRetirements({ retirements }: RoutingParts, log: Log): () => void {
  const running = setInterval(() => {
    retirements.runRules().catch((error: unknown) => {
      log.warn({ reason: String(error) }, 'models could not be retired by rule')
    })
  }, RULES_EVERY_MS).unref()
  return () => clearInterval(running)
}
