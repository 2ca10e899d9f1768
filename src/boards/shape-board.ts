import type { VotesNeeded } from '../ratings/index.ts'
import type { FamilyMember } from './find-families.ts'
import type { ListedBoard, ShownBoard } from './service.ts'
import type { Certificate } from './store-versions.ts'
import type { Trust } from './types-trust.ts'
import type { VersionPayload } from './types-versions.ts'
import { caveatsOf, sizeClassOf, type ViewedRow } from './view-board.ts'

/** A board in a list. */
export function shapeListed({ board, version }: ListedBoard) {
  return {
    league: board.league,
    kind: board.kind,
    slice: board.slice,
    has_style_control: version.isStyled,
    votes: version.votes,
    raters: version.raters,
    models: version.models,
    version: version.number,
    updated_at: version.madeAt.toISOString(),
    is_public: board.isPublic,
  }
}

/** A board with all that it says. */
export function shapeBoard(shown: ShownBoard) {
  const { board, version, payload, agreement } = shown
  const { diagnostics, style, rules } = payload
  return {
    league: board.league,
    kind: board.kind,
    slice: board.slice,
    has_style_control: version.isStyled,
    is_public: board.isPublic,
    version: {
      number: version.number,
      made_at: version.madeAt.toISOString(),
      method: version.method,
      code_version: version.codeVersion,
      through_vote: version.through.low,
      is_last: shown.isLast,
      is_settled: payload.isSettled,
    },
    sentence: shown.sentence,
    votes: version.votes,
    raters: rules.raters,
    rows: shown.rows.map(shapeRow),
    hidden_rows: shown.hiddenCount,
    decisions: shown.best.map(({ island, leader, status, needed, rivalCount, rivals }) => ({
      question: 'who_is_best' as const,
      ...{ island, leader, status },
      needed: shapeNeeded(needed),
      rival_count: rivalCount,
      rivals: rivals.map((rival) => ({ model: rival.model, needed: shapeNeeded(rival.needed) })),
    })),
    retirements: payload.trust.retirements.map(({ model, by, status, needed }) => ({
      question: 'may_be_retired' as const,
      ...{ model, by, status, needed: shapeNeeded(needed) },
    })),
    claims: {
      certified: shown.certifiedCount,
      leaning: shown.leaningCount,
      caveats: caveatsOf(payload),
      neighbours: shown.neighbours.map((one) => ({ ...one })),
    },
    checks: shown.checks.map(({ name, isOk, text }) => ({ name, is_ok: isOk, text })),
    evidence: shapeEvidence(payload.trust),
    families: shown.families.map((line) => line.map(shapeMember)),
    diagnostics: {
      islands: diagnostics.islands,
      matchup_spread_points: diagnostics.matchupSpread,
      matchup_degrees_of_freedom: diagnostics.matchupDf,
      dispersion: diagnostics.dispersion,
      rater_design_effect: diagnostics.raterDesignEffect,
      prompt_design_effect: diagnostics.promptDesignEffect,
      gradient_norm: diagnostics.gradientNorm,
      steps: diagnostics.steps,
      log_e_threshold: diagnostics.logThreshold,
      bar: rules.bar,
      largest_rater_share: rules.largestShare,
      is_one_person: rules.isOnePerson,
      acceptability_unknown: payload.acceptabilityReason,
    },
    style: style === null ? null : shapeStyle(style),
    agreement_with_judgements: agreement === null ? null : { ...agreement },
  }
}

function shapeStyle(style: NonNullable<VersionPayload['style']>) {
  return {
    effects: style.effects.map(({ name, points, se }) => ({
      ...{ name, effect_points: points, se_points: se },
    })),
    votes: style.votes,
    most_votes: style.mostVotes,
  }
}

/** What the checks rest on. */
function shapeEvidence({ drift, driftMostVotes, residuals, influences, controls }: Trust) {
  return {
    drift: drift.map(({ model, status, logE, changedAtMs }) => ({
      ...{ model, status, log_e: logE, changed_at: new Date(changedAtMs).toISOString() },
    })),
    drift_most_votes: driftMostVotes,
    pairs: residuals.map(({ first, second, votes, observed, expected, z }) => ({
      ...{ first, second, votes, first_share: observed, expected_share: expected, z },
    })),
    raters:
      influences?.map((one) => ({
        ...{ share: one.share, leader: one.leader, leader_without: one.leaderWithout },
        ...{ moved: one.moved, moved_points: one.movedPoints },
        ...{ claims_lost: one.claimsLost, claims_gained: one.claimsGained },
      })) ?? null,
    controls: { ...controls },
  }
}

function shapeMember({ model, rating, low, high, votes, retiredAt, thanBefore }: FamilyMember) {
  return {
    ...{ model, rating, low, high, votes, retired_at: retiredAt?.toISOString() ?? null },
    than_before:
      thanBefore === null ? null : { is_better: thanBefore.isBetter, status: thanBefore.status },
  }
}

function shapeRow({ about, ...row }: ViewedRow) {
  return {
    model: row.name,
    island: row.island,
    rating: row.rating,
    se: row.se,
    low: row.low,
    high: row.high,
    votes: row.votes,
    rank_low: row.rankLow,
    rank_high: row.rankHigh,
    tier: row.tier,
    acceptability: row.acceptability,
    p_best: row.pBest,
    price: about?.price ?? null,
    openness: about?.openness ?? null,
    publisher_country: about?.publisherCountry ?? null,
    parameters_total: about?.parametersTotal ?? null,
    size: sizeClassOf(about?.parametersTotal ?? null),
    places: [...(about?.places ?? [])],
    retired_at: about?.retiredAt?.toISOString() ?? null,
  }
}

function shapeNeeded(needed: VotesNeeded) {
  return {
    kind: needed.kind,
    more_votes: needed.kind === 'votes' ? needed.moreVotes : null,
    reason: needed.kind === 'never' ? needed.reason : needed.kind === 'raters' ? needed.bar : null,
  }
}

/** A claim on record. */
export function shapeCertificate(
  certificate: Certificate & { readonly betterName: string; readonly worseName: string },
) {
  return {
    better: certificate.betterName,
    worse: certificate.worseName,
    certified_at: certificate.certifiedAt.toISOString(),
    certified_in: certificate.certifiedIn,
    log_e: certificate.logE,
    tolerance_votes: certificate.tolerance,
    voided_at: certificate.voidedAt?.toISOString() ?? null,
    void_reason: certificate.voidReason,
  }
}

export type BoardAnswer = ReturnType<typeof shapeBoard>
export type ListedBoardAnswer = ReturnType<typeof shapeListed>
