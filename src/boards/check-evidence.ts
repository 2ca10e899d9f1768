import type { Trust } from './types-trust.ts'
import type { StyleEffect, VersionPayload } from './types-versions.ts'
import { type Check, checkOf } from './view-board.ts'

/** Standard errors from which a pair is too far from its scale; of many pairs some are. */
const FAR_PAIR = 4
/** A claim more or less is no rater's decision: this share of all is. */
const DECISIVE_SHARE = 0.05
/** Standard errors from which people chose by position. */
const BY_POSITION = 3

export interface EvidenceOptions {
  /** Forged votes that a claim must stand before it is told outside as certified. */
  readonly leastTolerance: number
  /** What the position of an answer does, where style control tells it; null: not known. */
  readonly position: StyleEffect | null
}

/** "Can I trust this?", of what the votes themselves tell. */
export function checkEvidence(payload: VersionPayload, options: EvidenceOptions): Check[] {
  const { trust } = payload
  return [
    checkDrift(trust),
    checkTolerance(payload, options.leastTolerance),
    ...checkPosition(trust, options.position),
    ...checkPairs(trust),
    ...checkInfluence(trust, payload.certifiedCount),
  ]
}

function checkDrift({ drift, driftMostVotes }: Trust): Check {
  const alarms = drift.filter(({ status }) => status === 'alarm')
  const changed = (alarms.length > 0 ? alarms : drift).map(
    ({ model, changedAtMs }) =>
      `${model} since ${new Date(changedAtMs).toISOString().slice(0, 10)}`,
  )
  const looked = `the last ${driftMostVotes.toLocaleString('en-US')} votes of the league`
  return checkOf('drift', drift.length === 0, [
    `No model is seen to have changed in ${looked}.`,
    alarms.length > 0
      ? `Not what they were, so their claims are void: ${changed.join(', ')}.`
      : `May not be what they were: ${changed.join(', ')}.`,
  ])
}

function checkTolerance({ fragile, certifiedCount }: VersionPayload, least: number): Check {
  const weak = fragile.filter(([, votes]) => votes < least).length
  return checkOf('tolerance', weak === 0, [
    certifiedCount === 0
      ? 'No claim is certified yet that forged votes could bring down.'
      : `Every certified claim stands ${least} forged votes.`,
    `${weak} of ${certifiedCount} certified claims would fall to fewer than ${least} forged votes.`,
  ])
}

/** Nothing where nobody saw a control and style is not known. */
function checkPosition({ controls }: Trust, position: StyleEffect | null): Check[] {
  const { left, right } = controls
  const chosen = left + right
  const z = chosen === 0 ? 0 : Math.abs(left - right) / Math.sqrt(chosen)
  const controlled =
    chosen === 0 ? [] : [`of ${chosen} choices between a model and itself ${left} were the left`]
  const termed =
    position === null
      ? []
      : [
          `the left answer gains ${position.points.toFixed(0)} ± ${(1.96 * position.se).toFixed(0)} points`,
        ]
  const said = [...controlled, ...termed].join('; ')
  if (said === '') return []
  const isTermLarge = position !== null && Math.abs(position.points) > BY_POSITION * position.se
  return [
    checkOf('position', z < BY_POSITION && !isTermLarge, [
      `People do not choose by position: ${said}.`,
      `People choose by position: ${said}. Sides are drawn by chance, so no model gains by it.`,
    ]),
  ]
}

function checkPairs({ residuals: [worst] }: Trust): Check[] {
  if (worst === undefined) return []
  const share = (part: number): string => `${Math.round(100 * part)} %`
  const told =
    `${worst.first} against ${worst.second} (${share(worst.observed)} of ` +
    `${worst.votes} votes, ${share(worst.expected)} expected)`
  return [
    checkOf('pairs', Math.abs(worst.z) < FAR_PAIR, [
      `Every pair fits its ratings; least so ${told}.`,
      `A pair does not fit its ratings: ${told}.`,
    ]),
  ]
}

function checkInfluence({ influences }: Trust, certified: number): Check[] {
  const [most] = influences ?? []
  if (influences === null || most === undefined) return []
  const leads = influences.find(({ leader, leaderWithout }) => leader !== leaderWithout)
  const lost = Math.max(...influences.map(({ claimsLost }) => claimsLost))
  const isOk = leads === undefined && lost <= DECISIVE_SHARE * certified
  return [
    checkOf('influence', isOk, [
      'Without any one of its most influential raters the board says the same.',
      leads === undefined
        ? `Without one rater ${lost} of ${certified} certified claims would fall.`
        : `Without one rater ${leads.leaderWithout} would lead, not ${leads.leader}.`,
    ]),
  ]
}
