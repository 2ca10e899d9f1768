import type { OrganisationId, TeamId } from '../kernel/index.ts'
import { jsonRoute, listAnswer, type Principal, type Route } from '../people/index.ts'
import { estimateSurvival, type Life } from '../value/index.ts'
import { refuse } from './errors.ts'
import { type Retirements, USE_DAYS } from './retirement-service.ts'
import {
  byModel,
  byTeam,
  policyAnswer,
  policyBody,
  proposalAnswer,
  retireBody,
  retirementAnswer,
  rulesAnswer,
  rulesBody,
  settingsAnswer,
  settingsBody,
  survivalAnswer,
} from './route-schemas.ts'
import {
  changeRules,
  changeSettings,
  readPolicy,
  shapePolicy,
  shapeProposal,
  shapeRetirement,
  shapeRules,
  shapeSettings,
} from './shape-rules.ts'
import type { Routing } from './types-asking.ts'

const api = { scope: 'api', dialect: 'problem' } as const

export interface RoutingRouteParts {
  readonly routing: Pick<
    Routing,
    'settings' | 'setSettings' | 'policies' | 'setPolicy' | 'policyOf'
  >
  readonly retirements: Retirements
  /** Amounts are in it. */
  readonly currency: () => string
  readonly hasTeam: (caller: Principal, teamId: string) => Promise<boolean>
  /** Every model that ever took traffic, in days. */
  readonly lives: () => readonly Life[]
}

/** Settings of routes, policies, retirements and survival. */
export function routingRoutes(parts: RoutingRouteParts): Route[] {
  return [
    ...settingsRoutes(parts),
    ...policyRoutes(parts),
    ...teamPolicyRoutes(parts),
    ...retirementRoutes(parts),
    ...ruleRoutes(parts),
    survivalRoute(parts),
  ]
}

function settingsRoutes({ routing, currency }: RoutingRouteParts): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/route/settings',
      access: 'member',
      summary: 'How requests of your organisation to "auto" are routed',
      answer: settingsAnswer,
      handle: ({ principal }) => ({
        json: shapeSettings(routing.settings(principal.organisationId), currency()),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'PATCH',
      path: '/api/route/settings',
      access: 'owner',
      summary: 'Set the share that explores, the limits on price and wait, what a win is worth',
      body: settingsBody,
      answer: settingsAnswer,
      async handle({ principal, body }) {
        const { organisationId } = principal
        const settings = changeSettings(routing.settings(organisationId), body)
        const json = shapeSettings(await routing.setSettings(organisationId, settings), currency())
        return { json }
      },
    }),
  ]
}

function shownPolicy(
  routing: RoutingRouteParts['routing'],
  of: { readonly organisationId: OrganisationId; readonly teamId: TeamId | null },
) {
  const held = routing.policies(of.organisationId).find((one) => one.teamId === of.teamId)
  return held === undefined ? {} : { json: shapePolicy(held) }
}

function policyRoutes({ routing }: RoutingRouteParts): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/policies',
      access: 'member',
      summary: 'Where requests of your organisation and its teams may go',
      answer: listAnswer(policyAnswer),
      handle: ({ principal }) => {
        const data = routing.policies(principal.organisationId).map(shapePolicy)
        return { json: { data, next_cursor: null } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/policies/organisation',
      access: 'admin',
      summary: 'Say where requests of your organisation may go: "auto", fallback and battles',
      body: policyBody,
      answer: policyAnswer,
      async handle({ principal: { organisationId }, body }) {
        await routing.setPolicy({ organisationId, teamId: null }, readPolicy(body))
        return shownPolicy(routing, { organisationId, teamId: null })
      },
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/policies/organisation',
      access: 'admin',
      summary: 'Let requests of your organisation go anywhere',
      async handle({ principal: { organisationId } }) {
        await routing.setPolicy({ organisationId, teamId: null }, null)
        return { status: 204 }
      },
    }),
  ]
}

function teamPolicyRoutes({ routing, hasTeam }: RoutingRouteParts): Route[] {
  const teamOf = async (caller: Principal, id: string): Promise<TeamId> => {
    if (await hasTeam(caller, id)) return id as TeamId
    throw refuse('routing_team_unknown', 'Your organisation has no team of that id.')
  }
  return [
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/policies/teams/:id',
      access: 'admin',
      summary: 'Narrow for a team where requests may go',
      params: byTeam,
      body: policyBody,
      answer: policyAnswer,
      async handle({ principal, params, body }) {
        const { organisationId } = principal
        const teamId = await teamOf(principal, params.id)
        await routing.setPolicy({ organisationId, teamId }, readPolicy(body))
        return shownPolicy(routing, { organisationId, teamId })
      },
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/policies/teams/:id',
      access: 'admin',
      summary: 'Leave a team with the policy of its organisation',
      params: byTeam,
      async handle({ principal, params }) {
        const { organisationId } = principal
        const teamId = await teamOf(principal, params.id)
        await routing.setPolicy({ organisationId, teamId }, null)
        return { status: 204 }
      },
    }),
  ]
}

function retirementRoutes({ retirements, currency }: RoutingRouteParts): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/retirements',
      access: 'member',
      summary: 'Every model that left the market, with why, and those that came back',
      answer: listAnswer(retirementAnswer),
      handle: ({ principal: { isHouse } }) => {
        const all = retirements.list().map(shapeRetirement)
        // What was used, and who decided, is for those alone whose market it is.
        const data = isHouse
          ? all
          : all.map((one) => ({ ...one, evidence: null, retired_by: null }))
        return { json: { data, next_cursor: null } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/retirements/proposals',
      access: 'operator',
      summary: 'Models that a no-dearer one is certified better than, with the evidence',
      answer: listAnswer(proposalAnswer),
      async handle({ principal }) {
        const found = await retirements.proposals(principal.organisationId)
        const of = { currency: currency(), days: USE_DAYS }
        return { json: { data: found.map((one) => shapeProposal(one, of)), next_cursor: null } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/retirements',
      access: 'operator',
      summary: 'Retire a model: it leaves "auto", battles and lists; its votes stay',
      body: retireBody,
      answer: retirementAnswer,
      async handle({ principal, body }) {
        const { model, successor, sunset_at: sunset } = body
        const sunsetAt = sunset === null ? null : new Date(sunset)
        const retired = await retirements.retire(principal, { model, successor, sunsetAt })
        return { status: 201, json: shapeRetirement(retired) }
      },
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/retirements/*',
      access: 'operator',
      summary: 'Restore a model: it is there again as if it had never left',
      params: byModel,
      answer: retirementAnswer,
      async handle({ principal, params }) {
        const name = params['*'].replaceAll(/%2f/gi, '/')
        return { json: shapeRetirement(await retirements.restore(principal, name)) }
      },
    }),
  ]
}

function ruleRoutes({ retirements }: RoutingRouteParts): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/retirements/settings',
      access: 'operator',
      summary: 'When a model is proposed for retirement, and whether the market acts by itself',
      answer: rulesAnswer,
      handle: ({ principal }) => ({
        json: shapeRules(retirements.rulesOf(principal.organisationId)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'PATCH',
      path: '/api/retirements/settings',
      access: 'house-owner',
      summary: 'Set the boards that decide, the infancy, and whether the market retires by itself',
      body: rulesBody,
      answer: rulesAnswer,
      async handle({ principal: { organisationId }, body }) {
        const rules = changeRules(retirements.rulesOf(organisationId), body)
        return { json: shapeRules(await retirements.setRules(organisationId, rules)) }
      },
    }),
  ]
}

function survivalRoute({ lives }: RoutingRouteParts): Route {
  return jsonRoute({
    ...api,
    method: 'GET',
    path: '/api/survival',
    access: 'member',
    summary: 'How long models stay: Kaplan–Meier over all that ever joined',
    answer: survivalAnswer,
    handle: () => {
      const all = lives()
      return {
        json: {
          joined: all.length,
          left: all.filter(({ hasLeft }) => hasLeft).length,
          steps: estimateSurvival(all).map(({ time, atRisk, ...step }) => ({
            ...{ time_days: time, at_risk: atRisk, left: step.left },
            ...{ survival: step.survival, se: step.se },
          })),
        },
      }
    },
  })
}
