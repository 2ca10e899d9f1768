import { shapeCost, type UnknownReason } from '../pricing/index.ts'
import type { RevealedSide } from './shape-battle.ts'
import type { SideUsage } from './store-reveal.ts'
import type { Battle, BattleAnswer } from './types.ts'

/** What the catalog calls things. */
export interface Naming {
  readonly models: readonly {
    readonly id: string
    readonly publisher: string
    readonly name: string
  }[]
  readonly listings: readonly { readonly id: string; readonly providerId: string }[]
  readonly providers: readonly { readonly id: string; readonly name: string }[]
}

/** Both sides by name, with what they took in all turns; null: nothing was drawn. */
export function revealSides(
  battle: Battle,
  answers: readonly BattleAnswer[],
  { naming, usage }: { readonly naming: Naming; readonly usage: ReadonlyMap<string, SideUsage> },
): readonly [RevealedSide, RevealedSide] | null {
  const { models } = battle
  if (models === null) return null
  const side = (at: 0 | 1): RevealedSide => {
    const own = answers.filter((answer) => answer.side === (at === 0 ? 'a' : 'b'))
    const model = naming.models.find(({ id }) => id === models[at])
    const last = own.at(-1)
    const listing = naming.listings.find(({ id }) => id === last?.listingId)
    const provider = naming.providers.find(({ id }) => id === listing?.providerId)
    return {
      model: model === undefined ? null : `${model.publisher}/${model.name}`,
      provider: provider?.name ?? null,
      listingId: last?.listingId ?? null,
      variantId: last?.variantId ?? null,
      ...sumUsage(own.flatMap(({ usageId }) => usage.get(usageId) ?? [])),
    }
  }
  return [side(0), side(1)]
}

function sumUsage(all: readonly SideUsage[]): Pick<RevealedSide, 'cost' | 'totalMs' | 'tokens'> {
  if (all.length === 0) return { cost: unknown('not_priced'), totalMs: null, tokens: null }
  const sum = (of: (one: SideUsage) => number): number => all.reduce((s, one) => s + of(one), 0)
  return {
    cost: sumCost(all),
    totalMs: Math.round(sum(({ totalMs }) => totalMs)),
    tokens: { input: sum((one) => one.inputTokens), output: sum((one) => one.outputTokens) },
  }
}

function sumCost(all: readonly SideUsage[]): RevealedSide['cost'] {
  const [first] = all
  const currency = first?.costCurrency ?? null
  const without = all.find(({ costPico }) => costPico === null)
  if (without !== undefined) return unknown((without.costUnknown ?? 'not_priced') as UnknownReason)
  if (currency === null || all.some((one) => one.costCurrency !== currency))
    return unknown('part_unpriced')
  const amountPico = all.reduce((sum, { costPico }) => sum + (costPico ?? 0n), 0n)
  return shapeCost({ isKnown: true, amountPico, currency, priceRef: first?.priceRef ?? '' })
}

function unknown(reason: UnknownReason): RevealedSide['cost'] {
  return shapeCost({ isKnown: false, reason })
}
