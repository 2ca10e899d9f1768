import type { z } from 'zod'
import type { policyBody, rulesBody, settingsBody } from './route-schemas.ts'
import type { Policy, RouteSettings } from './types-choice.ts'
import type { Retirement, RetirementRules, ShownProposal } from './types-retirement.ts'

/** Settings with what a request changes of them. */
export function changeSettings(
  before: RouteSettings,
  body: z.output<typeof settingsBody>,
): RouteSettings {
  return {
    explorationShare: body.exploration_share ?? before.explorationShare,
    mostPrice: body.max_price === undefined ? before.mostPrice : body.max_price,
    mostFirstByteMs:
      body.max_first_byte_ms === undefined ? before.mostFirstByteMs : body.max_first_byte_ms,
    winValue: body.win_value === undefined ? before.winValue : body.win_value,
  }
}

export function shapeSettings(settings: RouteSettings, currency: string) {
  return {
    exploration_share: settings.explorationShare,
    max_price: settings.mostPrice,
    max_first_byte_ms: settings.mostFirstByteMs,
    win_value: settings.winValue,
    currency,
  }
}

export function readPolicy(body: z.output<typeof policyBody>): Policy {
  return {
    places: body.places,
    isWithoutRetention: body.no_retention,
    isWithoutTraining: body.no_training,
    leastOpenness: body.least_openness,
  }
}

export function shapePolicy(held: {
  readonly teamId: string | null
  readonly policy: Policy
  readonly updatedAt: Date
}) {
  const { policy } = held
  return {
    team_id: held.teamId,
    places: policy.places === null ? null : [...policy.places],
    no_retention: policy.isWithoutRetention,
    no_training: policy.isWithoutTraining,
    least_openness: policy.leastOpenness,
    updated_at: held.updatedAt.toISOString(),
  }
}

/** Rules with what a request changes of them. */
export function changeRules(
  before: RetirementRules,
  body: z.output<typeof rulesBody>,
): RetirementRules {
  const { infancy_information: information, infancy_days: days } = body
  const { leastInformation, leastDays } = before.infancy
  return {
    slices: body.boards ?? before.slices,
    infancy: {
      leastInformation: information === undefined ? leastInformation : information,
      leastDays: days === undefined ? leastDays : days,
    },
    isAutomatic: body.is_automatic ?? before.isAutomatic,
    mostFreeShare: body.max_chooser_share ?? before.mostFreeShare,
    sunsetDays: body.sunset_days === undefined ? before.sunsetDays : body.sunset_days,
  }
}

export function shapeRules(rules: RetirementRules) {
  return {
    boards: [...rules.slices],
    infancy_information: rules.infancy.leastInformation,
    infancy_days: rules.infancy.leastDays,
    is_automatic: rules.isAutomatic,
    max_chooser_share: rules.mostFreeShare,
    sunset_days: rules.sunsetDays,
  }
}

export function shapeRetirement(
  one: Retirement & { readonly model: string; readonly successor: string | null },
) {
  return {
    id: one.id,
    model: one.model,
    successor: one.successor,
    retired_at: one.retiredAt.toISOString(),
    sunset_at: one.sunsetAt?.toISOString() ?? null,
    retired_by: one.retiredBy,
    evidence: one.evidence,
    restored_at: one.restoredAt?.toISOString() ?? null,
  }
}

export function shapeProposal(
  proposal: ShownProposal,
  { currency, days }: { readonly currency: string; readonly days: number },
) {
  const { use, boards } = proposal
  return {
    model: proposal.model,
    successor: proposal.successor,
    price: proposal.price,
    successor_price: proposal.successorPrice,
    currency,
    age_days: proposal.ageDays,
    boards: boards.map((board) => ({
      slice: board.slice,
      version: board.version,
      gap_points: board.gap,
      votes: board.votes,
      information: board.information,
      certified_at: board.certifiedAt?.toISOString() ?? null,
      log_e: board.logE,
      tolerance_votes: board.tolerance,
    })),
    use: {
      days,
      requests: use.requests,
      routed_requests: use.routedRequests,
      choosers: use.choosers,
      chooser_share: use.chooserShare,
    },
    saved: proposal.saved,
  }
}
