import { coverageExperiments } from './coverage.ts'
import type { Experiment } from './experiment.ts'
import { falseClaimExperiments } from './false-claims.ts'
import { newcomerExperiments } from './newcomer.ts'
import { rankExperiments } from './ranks.ts'
import { raterExperiments } from './raters.ts'
import { retirementExperiments } from './retirement.ts'

/** Every table of the recipe that a simulation fills, in its order. */
export const experiments: readonly Experiment[] = [
  ...coverageExperiments,
  ...newcomerExperiments,
  ...raterExperiments,
  ...falseClaimExperiments,
  ...rankExperiments,
  ...retirementExperiments,
]
