import { measureDesignEffect } from './measure-design-effect.ts'
import { measureDispersion } from './measure-dispersion.ts'
import { measureSpread } from './measure-spread.ts'
import { sandwich } from './sandwich.ts'
import type { DesignEffect, Fit, Uncertainty, Votes } from './types.ts'

/** Design effects that are known from elsewhere, such as the head of a published file. */
export type StatedDesignEffect = Partial<Pick<DesignEffect, 'rater' | 'prompt'>>

/**
 * How sure a fit is of its strengths: dispersion, matchup spread, and what raters and prompts that
 * repeat themselves cost. `votes` are those that were fitted; a stated design effect (1 or more)
 * takes the place of the measured one.
 */
export function measureUncertainty(
  fit: Fit,
  votes: Pick<Votes, 'raters' | 'prompts'>,
  stated: StatedDesignEffect = {},
): Uncertainty {
  const dispersion = measureDispersion(fit)
  const { part, ...spread } = measureSpread(fit)
  const rater = stated.rater ?? measureDesignEffect(fit, votes.raters)
  const prompt = stated.prompt ?? measureDesignEffect(fit, votes.prompts)
  const total = rater + prompt - 1
  const V0 = sandwich(fit, dispersion.edgeVariance)
  const Vtotal = V0.map((value, at) => total * value + (part === null ? 0 : (part[at] as number)))
  return { ...dispersion, ...spread, V0, designEffect: { rater, prompt, total }, Vtotal }
}
