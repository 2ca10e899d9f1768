import { at } from './at.ts'
import { SETTLED_INFORMATION } from './measure-dispersion.ts'
import { measureInfluence } from './measure-influence.ts'
import { canCheckMatchups } from './measure-spread.ts'
import { POINTS_PER_UNIT } from './points.ts'
import type { Board } from './rate-board.ts'
import { sum } from './sum.ts'
import type { Fit } from './types.ts'
import type { BoardClaims } from './types-claims.ts'
import type { BoardCheck, Diagnosis, PairResidual, RaterInfluence } from './types-diagnosis.ts'

const LISTED = 10
/** Intervals are known to hold, nearly, while matchups depart by no more than this. */
const LARGEST_SPREAD_POINTS = 40
/** Where prompts that repeat themselves double the variance, more prompts are what is missing. */
const LARGEST_PROMPT_EFFECT = 2
/** Of large counts the gradient is rounding: it is held against what all votes can say. */
const SMALLEST_GRADIENT = 1e-6
const SMALLEST_SHARE = 1e-12
/** Of many claims some are always near the line: a rater decides who moves more than this share. */
const DECISIVE_SHARE = 0.05

/**
 * What a board says of itself: whether it can be trusted, check by check, the pairs that it
 * explains worst, and the raters who move it most, with what it says without them.
 */
export function diagnoseBoard(board: Board, claims: BoardClaims): Diagnosis {
  const influences = measureInfluence(board, claims)
  return {
    checks: [
      ...checkVotes(board.fit),
      ...checkMatchups(board),
      ...checkPeople(board, claims, influences),
    ],
    residuals: findResiduals(board.fit),
    influences,
  }
}

/** Pairs with the largest residuals, worst first. A pair that alone decides its fit has none. */
export function findResiduals(fit: Fit, most: number = LISTED): PairResidual[] {
  const { pairs, N, p, q, h, r2, weight } = fit
  // A pair whose votes happen to agree is no surer than votes of this board are.
  const dispersion = sum(r2) / sum(weight)
  const residuals: PairResidual[] = []
  for (let e = 0; e < N.length; e++) {
    const tied = at(pairs.ties, e) + at(pairs.bothBad, e)
    const left =
      at(pairs.firstWins, e) * at(q, e) -
      at(pairs.secondWins, e) * at(p, e) +
      (tied * (at(q, e) - at(p, e))) / 2
    const variance = Math.max(at(r2, e), dispersion * at(weight, e)) * (1 - at(h, e))
    if (!(variance > 1e-12)) continue
    residuals.push({
      first: at(pairs.first, e),
      second: at(pairs.second, e),
      votes: at(N, e),
      observed: (at(pairs.firstWins, e) + tied / 2) / at(N, e),
      expected: at(p, e),
      z: left / Math.sqrt(variance),
    })
  }
  return residuals.toSorted((one, other) => Math.abs(other.z) - Math.abs(one.z)).slice(0, most)
}

function check(name: BoardCheck['name'], isPassed: boolean | null, message: string): BoardCheck {
  return { name, state: isPassed === null ? 'unknown' : isPassed ? 'passed' : 'failed', message }
}

function checkVotes(fit: Fit): BoardCheck[] {
  const isExact = fit.gradientNorm < Math.max(SMALLEST_GRADIENT, SMALLEST_SHARE * sum(fit.weight))
  const few = fit.information.filter((information) => information < SETTLED_INFORMATION).length
  return [
    check(
      'optimum',
      isExact,
      isExact ? 'The ratings are the exact optimum.' : 'The optimum was not reached to the digit.',
    ),
    checkConnected(fit),
    check(
      'votes_per_model',
      few === 0,
      few === 0
        ? 'Every model has the votes that settle it.'
        : `${few} of ${fit.theta.length} models have few informative votes: wide intervals.`,
    ),
  ]
}

/** Whether votes join all models, as some method counts them. */
export function checkConnected({
  pairs,
  components,
}: Pick<Fit, 'pairs' | 'components'>): BoardCheck {
  const silent = pairs.models.length - new Set([...pairs.first, ...pairs.second]).size
  const islands = components - silent
  return check(
    'connected',
    components === 1,
    components === 1
      ? 'Votes join all models: one scale.'
      : `Votes do not join all models: ${islands} islands, each with a scale of its own` +
          `${silent > 0 ? `, and ${silent} without a vote` : ''}.`,
  )
}

function checkMatchups({ uncertainty }: Board): BoardCheck[] {
  const { spread2 } = uncertainty
  const canSee = canCheckMatchups(uncertainty)
  const points = POINTS_PER_UNIT * Math.sqrt(spread2)
  return [
    check(
      'matchups_checked',
      canSee,
      canSee
        ? 'There are enough pairs to check whether one scale holds.'
        : 'Too few models to check matchups: intervals may be too narrow, and claims hold only ' +
            'as far as one scale does.',
    ),
    check(
      'one_scale',
      canSee ? points <= LARGEST_SPREAD_POINTS : null,
      canSee
        ? `Matchups depart from one scale by about ${Math.round(points)} points.`
        : 'Whether one scale holds cannot be seen.',
    ),
  ]
}

function checkPeople(
  { uncertainty, votes }: Board,
  { rules, certified }: BoardClaims,
  influences: readonly RaterInfluence[],
): BoardCheck[] {
  const { raters, largestShare, isOnePerson, bar } = rules
  const { prompt } = uncertainty.designEffect
  const arePromptsKnown = votes.prompts !== null || prompt > 1
  const isKnown = raters !== null
  return [
    check(
      'raters_known',
      isKnown,
      isKnown
        ? `${raters} ${raters === 1 ? 'rater' : 'raters'} voted.`
        : 'Who voted is unknown: claims assume independent votes.',
    ),
    check('raters_enough', isKnown ? bar !== 'too_few_raters' : null, messageOfRaters(rules)),
    check(
      'no_rater_majority',
      isKnown && !isOnePerson ? bar !== 'one_rater_majority' : null,
      largestShare === null || isOnePerson
        ? 'Shares of raters say nothing here.'
        : `The most active rater cast ${percent(largestShare)} of the votes.`,
    ),
    checkInfluence(influences, countOnes(certified)),
    check(
      'prompts_varied',
      arePromptsKnown ? prompt <= LARGEST_PROMPT_EFFECT : null,
      arePromptsKnown
        ? `Prompts that repeat themselves multiply the variance by ${prompt.toFixed(1)}.`
        : 'What was asked is unknown: each prompt is taken to be judged once.',
    ),
  ]
}

function messageOfRaters({ raters, bar, isOnePerson }: BoardClaims['rules']): string {
  if (raters === null) return 'How many voted is unknown.'
  if (isOnePerson) return 'One rater: this is one person’s taste.'
  return bar === 'too_few_raters'
    ? 'Too few raters for these models: nothing is certified yet.'
    : 'Enough people voted to certify claims.'
}

function countOnes(flags: Uint8Array): number {
  return flags.reduce((total, flag) => total + flag, 0)
}

function checkInfluence(influences: readonly RaterInfluence[], certified: number): BoardCheck {
  const name = 'no_rater_decides'
  if (influences.length === 0) return check(name, null, 'What one rater decides is unknown.')
  const decides = influences.filter(
    ({ leader, leaderWithout, claimsLost }) =>
      leader !== leaderWithout || claimsLost > DECISIVE_SHARE * certified,
  )
  const lost = Math.max(...influences.map(({ claimsLost }) => claimsLost))
  return decides.length === 0
    ? check(name, true, 'No single rater decides who leads, or more than a few claims.')
    : check(
        name,
        false,
        decides.some(({ leader, leaderWithout }) => leader !== leaderWithout)
          ? 'Without one rater another model would lead.'
          : `Without one rater ${lost} certified ${lost === 1 ? 'claim' : 'claims'} would fall.`,
      )
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}
