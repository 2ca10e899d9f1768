import type { Refusal } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { Resolution } from './types.ts'

/** Why a name leads to no listing that could be asked, with what to ask for instead. */
export function refuseResolution(
  asked: string,
  resolution: Exclude<Resolution, { kind: 'listing' }> | Resolution,
  param = 'model',
): Refusal {
  const name = asked.slice(0, 100)
  if (resolution.kind === 'ambiguous') {
    const candidates = resolution.candidates.slice(0, 5)
    return refuse(
      'catalog_model_ambiguous',
      `Several models are called ${name}: ask for ${candidates.join(' or ')}.`,
      { param, details: { candidates } },
    )
  }
  if (resolution.kind === 'no-live-listing') {
    return refuse(
      'catalog_model_off',
      `${resolution.modelName} takes no traffic now: an operator can switch a listing of it on.`,
      { param },
    )
  }
  const nearest = resolution.kind === 'unknown' ? resolution.nearest : []
  const hint = nearest.length > 0 ? ` Nearest: ${nearest.join(', ')}.` : ''
  return refuse('catalog_model_unknown', `There is no model "${name}" here.${hint}`, {
    param,
    details: { nearest },
  })
}
