import { at } from './at.ts'
import type { Fit } from './types.ts'
import type { BoardClaims, Standing } from './types-claims.ts'

/**
 * Where each model stands within its component by today's certified claims alone; models in one
 * tier are those that votes do not tell apart. A tier never contradicts a certified claim, so a
 * model with a higher rating but less certain one may stand in a worse tier. A model without
 * votes stands alone: ranks 1 to 1, tier 1.
 */
export function rankModels(fit: Fit, claims: Pick<BoardClaims, 'certified'>): Standing[] {
  const n = fit.theta.length
  const sizes = new Int32Array(fit.components)
  for (const component of fit.component) sizes[component] = at(sizes, component) + 1
  const better = new Int32Array(n)
  const worse = new Int32Array(n)
  const tiers = new Int32Array(n).fill(1)
  // Whoever is certified better has the larger θ: all of a model's betters come before it.
  const order = [...fit.theta.keys()].sort((a, b) => at(fit.theta, b) - at(fit.theta, a))
  for (const [place, model] of order.entries())
    for (const rival of order.slice(place + 1)) {
      if (claims.certified[model * n + rival] !== 1) continue
      worse[model] = at(worse, model) + 1
      better[rival] = at(better, rival) + 1
      tiers[rival] = Math.max(at(tiers, rival), at(tiers, model) + 1)
    }
  return Array.from({ length: n }, (_, model) => ({
    rankLow: 1 + at(better, model),
    rankHigh: at(sizes, at(fit.component, model)) - at(worse, model),
    tier: at(tiers, model),
  }))
}
