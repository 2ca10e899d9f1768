import { parseJson } from '../kernel/index.ts'
import {
  askWhoIsBest,
  type BoardClaims,
  type Claim,
  claimBoard,
  fitAcceptability,
  keepCertificates,
  measureIntervals,
  POINTS_PER_UNIT,
  type Board as RatedBoard,
  rankModels,
  rateBest,
  rateBoard,
  ratingOf,
  type Votes,
} from '../ratings/index.ts'
import { packClaims, pairPlace } from './pack-claims.ts'
import type { ControlCounts, ModelDrift, Trust } from './types-trust.ts'
import type { ModelRow, Rated, StyleEffect, VersionPayload } from './types-versions.ts'
import { weighTrust } from './weigh-trust.ts'

const RIVALS_SHOWN = 5
/** Draws for P(best): a large board must not keep the next vote waiting for a second. */
const DRAWS = 10_000
const FEWER_DRAWS = 2_000
const MANY_MODELS = 150
/** From here on nobody asks how many forged votes a claim stands. */
export const MOST_TOLERANCE = 100

/** What a rating takes over from the one before, and gives to the next. */
export interface Carried {
  readonly raterEffect: number
  readonly promptEffect: number
  readonly acceptability: ReadonlyMap<string, number>
  readonly acceptabilityReason: string | null
  readonly pBest: ReadonlyMap<string, number | null>
  readonly fit: RatedBoard['fit']
  readonly isOnePerson: boolean
  readonly trust: Trust
}

export interface RateOrder {
  readonly votes: Votes
  /** The rating before; null: there is none in memory. */
  readonly before: Carried | null
  /** Whether all is measured, or what takes long is taken over from `before`. */
  readonly isSettled: boolean
  /** Certificates that stand: `better` and `worse` as `keyOfClaim` joins them. */
  readonly standing: ReadonlySet<string>
  readonly wasOnePerson: boolean
  readonly retired: ReadonlySet<string>
  /** Numbers from 0 up to 1 for P(best). */
  readonly random: () => number
  /** With style control: replaces strengths and their covariance; null: without. */
  readonly styled: Styled | null
  /** Models that are not what they were, as the board without style control tells. */
  readonly judgeDrift: (board: Pick<RatedBoard, 'fit' | 'uncertainty'>) => readonly ModelDrift[]
  readonly driftMostVotes: number
  readonly controls: ControlCounts
  /** By name of model; null or absent: unknown. */
  readonly prices: ReadonlyMap<string, number | null>
}

/** A board with style taken out, and what style did. */
export interface Styled {
  readonly board: Pick<RatedBoard, 'fit' | 'uncertainty'>
  readonly effects: readonly StyleEffect[]
  readonly votes: number
  readonly mostVotes: number
}

export function keyOfClaim(better: string, worse: string): string {
  return JSON.stringify([better, worse])
}

/** Rates a board's counts: what its next version says, and which claims are new or end. */
export function rateLiveBoard(order: RateOrder): { rated: Rated; carried: Carried } {
  const { votes, before, isSettled, styled } = order
  const board = rate(order)
  const claims = claimBoard(board)
  const fresh = isSettled || before === null
  const acceptability = fresh ? findAcceptability(votes) : before
  const pBest = fresh ? findBest(board, order.random) : before.pBest
  const drift = fresh ? order.judgeDrift(board) : before.trust.drift
  const trust = fresh ? weighTrust(board, claims, { ...order, drift }) : before.trust
  const carried: Carried = {
    ...acceptability,
    trust,
    pBest,
    raterEffect: board.uncertainty.designEffect.rater,
    promptEffect: board.uncertainty.designEffect.prompt,
    fit: board.fit,
    isOnePerson: claims.rules.isOnePerson,
  }
  const payload: VersionPayload = {
    models: rowsOf(board, claims, carried),
    votes: board.fit.N.reduce((sum, count) => sum + count, 0),
    claims: packClaims(claims.claims, board.fit.theta.length),
    fragile: fragileOf(board, claims),
    certifiedCount: countOf(claims, 'certified'),
    leaningCount: countOf(claims, 'leaning'),
    best: bestOf(board, claims),
    rules: claims.rules,
    diagnostics: diagnose(board, claims),
    acceptabilityReason: carried.acceptabilityReason,
    style:
      styled === null
        ? null
        : { effects: styled.effects, votes: styled.votes, mostVotes: styled.mostVotes },
    isSettled: fresh,
    trust,
  }
  return {
    rated: { payload, raters: claims.rules.raters ?? 0, ...findChanges(order, carried, claims) },
    carried,
  }
}

function rate({ votes, before, isSettled, styled }: RateOrder): RatedBoard {
  if (styled !== null)
    return {
      votes,
      ...styled.board,
      intervals: measureIntervals(styled.board.fit, styled.board.uncertainty),
    }
  const stated =
    isSettled || before === null ? {} : { rater: before.raterEffect, prompt: before.promptEffect }
  return rateBoard(votes, { stated, ...(before === null ? {} : { start: before.fit }) })
}

function fragileOf({ fit }: RatedBoard, { claims }: BoardClaims): VersionPayload['fragile'] {
  const n = fit.theta.length
  return claims.flatMap(({ better, worse, tolerance }) =>
    tolerance !== null && tolerance < MOST_TOLERANCE
      ? [[pairPlace(Math.min(better, worse), Math.max(better, worse), n), Math.floor(tolerance)]]
      : [],
  )
}

function countOf({ claims }: BoardClaims, status: Claim['status']): number {
  return claims.reduce((sum, claim) => sum + (claim.status === status ? 1 : 0), 0)
}

function findAcceptability({ pairs }: Votes) {
  const found = fitAcceptability(pairs)
  if (typeof found === 'string')
    return { acceptability: new Map<string, number>(), acceptabilityReason: found }
  return {
    acceptability: new Map(pairs.models.map((name, i) => [name, found.beta[i] ?? Number.NaN])),
    acceptabilityReason: null,
  }
}

function findBest({ fit, uncertainty }: RatedBoard, random: () => number) {
  const draws = fit.theta.length > MANY_MODELS ? FEWER_DRAWS : DRAWS
  const shares = rateBest(fit, uncertainty, { random, draws })
  return new Map(fit.pairs.models.map((name, i) => [name, shares[i] ?? null]))
}

/** Six digits after the point: what a file of counts gives again. */
function round(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : null
}

function rowsOf(board: RatedBoard, claims: BoardClaims, carried: Carried): ModelRow[] {
  const { fit, uncertainty, intervals } = board
  const n = fit.theta.length
  const votesOf = new Float64Array(n)
  for (const [e, count] of fit.N.entries())
    for (const model of [fit.pairs.first[e] as number, fit.pairs.second[e] as number])
      votesOf[model] = (votesOf[model] as number) + count
  const standings = rankModels(fit, claims)
  return fit.pairs.models.map((name, i) => {
    const votes = votesOf[i] as number
    const isRated = votes > 0
    const points = (theta: number): number | null => (isRated ? round(ratingOf(theta)) : null)
    const standing = standings[i] ?? { rankLow: 1, rankHigh: n, tier: 1 }
    const se = POINTS_PER_UNIT * Math.sqrt(uncertainty.V0[i * n + i] as number)
    return {
      name,
      island: fit.component[i] as number,
      rating: points(fit.theta[i] as number),
      se: isRated ? round(se) : null,
      low: points(intervals.low[i] as number),
      high: points(intervals.high[i] as number),
      votes,
      ...standing,
      acceptability: round(carried.acceptability.get(name) ?? Number.NaN),
      pBest: carried.pBest.get(name) ?? null,
    }
  })
}

function bestOf(board: RatedBoard, claims: BoardClaims): VersionPayload['best'] {
  const nameOf = (model: number): string => board.fit.pairs.models[model] ?? ''
  return askWhoIsBest(board, claims).map(({ component, leader, status, needed, rivals }) => ({
    island: component,
    leader: nameOf(leader),
    status,
    needed,
    rivalCount: rivals.length,
    rivals: rivals
      .slice(0, RIVALS_SHOWN)
      .map((rival) => ({ model: nameOf(rival.model), needed: rival.needed })),
  }))
}

function diagnose({ fit, uncertainty }: RatedBoard, claims: BoardClaims) {
  return {
    islands: fit.components,
    matchupSpread: POINTS_PER_UNIT * Math.sqrt(uncertainty.spread2),
    matchupDf: uncertainty.spreadDf,
    dispersion: uncertainty.dispersion,
    raterDesignEffect: uncertainty.designEffect.rater,
    promptDesignEffect: uncertainty.designEffect.prompt,
    gradientNorm: fit.gradientNorm,
    steps: fit.steps,
    logThreshold: claims.logThreshold,
  }
}

/**
 * What the certificates on record become. Only those that this version touches are looked at: what
 * it certifies anew, what it reverses, and all of them when the board gets its second person.
 */
function findChanges(
  { standing, wasOnePerson, retired }: RateOrder,
  { fit, trust }: Carried,
  claims: BoardClaims,
): Pick<Rated, 'certified' | 'ended'> {
  const nameOf = (model: number): string => fit.pairs.models[model] ?? ''
  const today = claims.claims.filter(({ status }) => status === 'certified')
  const anew = today.filter(
    ({ better, worse }) => !standing.has(keyOfClaim(nameOf(better), nameOf(worse))),
  )
  const isOnePerson = claims.rules.isOnePerson
  const hasSecondPerson = wasOnePerson && !isOnePerson
  const alarms = trust.drift.filter(({ status }) => status === 'alarm')
  const drifted = new Set(alarms.map(({ model }) => model))
  const touched = [...standing].filter((key) => {
    const [better = '', worse = ''] = namesOfClaim(key)
    const isOut = (name: string) => retired.has(name) || drifted.has(name)
    return hasSecondPerson || isOut(better) || isOut(worse)
  })
  const reversed = anew
    .map(({ better, worse }) => keyOfClaim(nameOf(worse), nameOf(better)))
    .filter((key) => standing.has(key))
  const at = 'now'
  const kept = keepCertificates(
    {
      certificates: [...new Set([...touched, ...reversed])].map((key) => {
        const [better = '', worse = ''] = namesOfClaim(key)
        return { better, worse, since: 'before', ended: null }
      }),
      isOnePerson: wasOnePerson,
    },
    {
      at,
      certified: (hasSecondPerson ? today : anew).map(({ better, worse }) => [
        nameOf(better),
        nameOf(worse),
      ]),
      retired,
      drifted,
      isOnePerson,
    },
  ).certificates
  const claimOf = new Map(
    today.map((claim) => [keyOfClaim(nameOf(claim.better), nameOf(claim.worse)), claim]),
  )
  return {
    certified: kept
      .filter(({ since, ended }) => since === at && ended === null)
      .map(({ better, worse }) => {
        const claim = claimOf.get(keyOfClaim(better, worse))
        return { better, worse, logE: claim?.logE ?? 0, tolerance: claim?.tolerance ?? null }
      }),
    ended: kept.flatMap(({ better, worse, ended }) =>
      ended === null ? [] : [{ better, worse, reason: ended.reason }],
    ),
  }
}

/** The names in a key of `keyOfClaim`. */
export function namesOfClaim(key: string): readonly string[] {
  const names = parseJson(key)
  return Array.isArray(names) ? names.map(String) : []
}
