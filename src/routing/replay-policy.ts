/** A battle of the past: who met, what was chosen, and how likely the two were to meet. */
export interface PastBattle {
  readonly a: string
  readonly b: string
  readonly choice: 'a' | 'b' | 'tie' | 'both_bad'
  /** Of the unordered pair, as it was recorded. */
  readonly drawProbability: number
  /** What the battle was about; null: unknown. */
  readonly category: string | null
  /** What the answers cost, in the owner's currency; null: unknown. */
  readonly costA: number | null
  readonly costB: number | null
}

/** An estimate with its 95 % interval; null: nothing tells. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface Replay {
  /** Battles in which the policy's model took part. */
  readonly battles: number
  /** As many equally weighted ones would tell as much. */
  readonly effectiveBattles: number
  /** Share of wins, a tie one half, two bad answers none. */
  readonly winShare: Estimate | null
  /** Of one answer, in the owner's currency; of battles whose cost is known. */
  readonly cost: Estimate | null
  readonly costUnknown: number
  /** How often the policy would have sent a battle's question to each model. */
  readonly chosen: ReadonlyMap<string, number>
}

/**
 * What a policy would have won and cost on past battles. For each the policy names a model from
 * the category alone. Where that model took part, it counts with the weight w = 1 / ((m − 1)·p): p
 * the recorded probability of the pair, 1 / (m − 1) that of its opponent where each of the m models
 * that were drawn meets it equally often. The estimate is Σwr / Σw, its variance
 * Σw²(r − estimate)² / (Σw)²: self-normalised importance sampling (A. Owen, "Monte Carlo theory,
 * methods and examples", section 9.2; A. Swaminathan and T. Joachims, "The self-normalized
 * estimator for counterfactual learning", NIPS 2015). Effective battles are (Σw)² / Σw². Ratings
 * that were made of the same votes flatter the policy that is made of them.
 */
export function replayPolicy(
  battles: readonly PastBattle[],
  modelFor: (category: string | null) => string | null,
): Replay {
  const drawn = battles.filter(({ a, b, drawProbability }) => a !== b && drawProbability > 0)
  const models = new Set(drawn.flatMap(({ a, b }) => [a, b]))
  const chosen = new Map<string, number>()
  const wins: Weighed[] = []
  const costs: Weighed[] = []
  let costUnknown = 0
  for (const battle of drawn) {
    const model = modelFor(battle.category)
    if (model === null) continue
    chosen.set(model, (chosen.get(model) ?? 0) + 1)
    if (battle.a !== model && battle.b !== model) continue
    const weight = 1 / ((models.size - 1) * battle.drawProbability)
    const side = battle.a === model ? 'a' : 'b'
    const isTie = battle.choice === 'tie'
    wins.push({ weight, value: isTie ? 0.5 : battle.choice === side ? 1 : 0 })
    const cost = side === 'a' ? battle.costA : battle.costB
    if (cost === null) costUnknown += 1
    else costs.push({ weight, value: cost })
  }
  const total = sumOf(wins, ({ weight }) => weight)
  const squares = sumOf(wins, ({ weight }) => weight ** 2)
  return {
    battles: wins.length,
    effectiveBattles: squares === 0 ? 0 : total ** 2 / squares,
    winShare: estimate(wins),
    cost: estimate(costs),
    costUnknown,
    chosen,
  }
}

interface Weighed {
  readonly weight: number
  readonly value: number
}

const Z95 = 1.959963984540054

/** Fewer than two tell no interval. */
function estimate(all: readonly Weighed[]): Estimate | null {
  if (all.length < 2) return null
  const total = sumOf(all, ({ weight }) => weight)
  const value = sumOf(all, (one) => one.weight * one.value) / total
  const variance = sumOf(all, (one) => (one.weight * (one.value - value)) ** 2) / total ** 2
  const half = Z95 * Math.sqrt(variance)
  return { value, low: value - half, high: value + half }
}

function sumOf(all: readonly Weighed[], of: (one: Weighed) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0)
}
