import { formatPico, PICO_PER_UNIT, parseDecimal } from '../kernel/index.ts'
import { jsonRoute, listAnswer, type Route } from '../people/index.ts'
import { judgeRoute } from './judge-routes.ts'
import {
  battleAnswer,
  battleBody,
  idParams,
  listedAnswer,
  listQuery,
  settingsAnswer,
  settingsBody,
  turnBody,
  voteBody,
} from './route-schemas.ts'
import type { Arena } from './service.ts'
import { shapeBattle, shapeListed } from './shape-battle.ts'
import { streamRoute } from './stream-routes.ts'
import type { ArenaSettings } from './types.ts'
import { votesRoutes } from './votes-routes.ts'

const common = { access: 'member', scope: 'api', dialect: 'problem' } as const

/** `/api/battles…` and `/api/arena/settings`. */
export function arenaRoutes(arena: Arena, answerError: Parameters<typeof streamRoute>[1]): Route[] {
  return [
    ...battleRoutes(arena),
    ...changeRoutes(arena),
    streamRoute(arena, answerError),
    ...settingsRoutes(arena),
    judgeRoute(arena),
    ...votesRoutes(
      () => arena.votes,
      (id) => arena.nameOf(id),
    ),
  ]
}

function battleRoutes(arena: Arena): Route[] {
  return [
    jsonRoute({
      ...common,
      method: 'POST',
      path: '/api/battles',
      summary: 'Asks two hidden models the same; with `models` two named ones, which never counts',
      body: battleBody,
      answer: battleAnswer,
      async handle({ principal, body }) {
        const { prompt, messages, compare } = body
        const asked = messages ??
          compare?.messages ?? [{ role: 'user' as const, content: prompt ?? '' }]
        const view = await arena.create(principal, {
          messages: asked,
          consent: body.consent,
          league: body.league ?? null,
          named: body.models ?? null,
          maxTokens: body.max_tokens ?? null,
        })
        return { status: 201, json: shapeBattle(view) }
      },
    }),
    jsonRoute({
      ...common,
      method: 'GET',
      path: '/api/battles',
      summary: 'Your battles, newest first',
      query: listQuery,
      answer: listAnswer(listedAnswer),
      async handle({ principal, query }) {
        const { limit } = query
        const found = await arena.list(principal, {
          cursor: query.cursor ?? null,
          limit: limit + 1,
        })
        const data = found.slice(0, limit)
        const next = found.length > limit ? (data.at(-1)?.id ?? null) : null
        return { json: { data: data.map(shapeListed), next_cursor: next } }
      },
    }),
    jsonRoute({
      ...common,
      method: 'GET',
      path: '/api/battles/:id',
      summary: 'One of your battles; who answered is told after the vote',
      params: idParams,
      answer: battleAnswer,
      handle: async ({ principal, params }) => ({
        json: shapeBattle(await arena.get(principal, params.id)),
      }),
    }),
  ]
}

function changeRoutes(arena: Arena): Route[] {
  return [
    jsonRoute({
      ...common,
      method: 'POST',
      path: '/api/battles/:id/turns',
      summary: 'Asks the same two models on',
      params: idParams,
      body: turnBody,
      answer: battleAnswer,
      handle: async ({ principal, params, body }) => ({
        status: 201,
        json: shapeBattle(await arena.addTurn(principal, params.id, body.prompt)),
      }),
    }),
    jsonRoute({
      ...common,
      method: 'POST',
      path: '/api/battles/:id/vote',
      summary: 'Votes, once; the answer names both models',
      params: idParams,
      body: voteBody,
      answer: battleAnswer,
      handle: async ({ principal, params, body }) => {
        const { choice, reasons } = body
        const wish = { choice, reasons: [...new Set(reasons)], comment: body.comment || null }
        return { json: shapeBattle(await arena.vote(principal, params.id, wish)) }
      },
    }),
  ]
}

function settingsRoutes(arena: Arena): Route[] {
  return [
    jsonRoute({
      ...common,
      method: 'GET',
      path: '/api/arena/settings',
      summary: 'What the owner set for battles: shares that are disclosed, and limits',
      answer: settingsAnswer,
      handle: async () => ({ json: shapeSettings(await arena.settings()) }),
    }),
    jsonRoute({
      ...common,
      access: 'house-owner',
      method: 'PUT',
      path: '/api/arena/settings',
      summary: 'Sets them; what is absent stays',
      body: settingsBody,
      answer: settingsAnswer,
      async handle({ body }) {
        const was = await arena.settings()
        const cost = body.cost_per_day
        const set = await arena.setSettings({
          controlShare: body.control_share ?? was.controlShare,
          chatShare: body.chat_share ?? was.chatShare,
          votesPerMinute: body.votes_per_minute ?? was.votesPerMinute,
          votesPerDay: body.votes_per_day ?? was.votesPerDay,
          lettersPerSecond: given(body.letters_per_second, was.lettersPerSecond),
          battlesPerDay: given(body.battles_per_day, was.battlesPerDay),
          costPerDayPico:
            cost === undefined || cost === null ? given(cost, was.costPerDayPico) : picoOf(cost),
        })
        return { json: shapeSettings(set) }
      },
    }),
  ]
}

/** Exact: it has at most twelve decimals. */
function picoOf(text: string): bigint {
  const { numerator, denominator } = parseDecimal(text) ?? { numerator: 0n, denominator: 1n }
  return (numerator * PICO_PER_UNIT) / denominator
}

/** Null takes a value away; absent leaves it. */
function given<T>(value: T | null | undefined, was: T | null): T | null {
  return value === undefined ? was : value
}

function shapeSettings(settings: ArenaSettings) {
  const { costPerDayPico } = settings
  return {
    control_share: settings.controlShare,
    chat_share: settings.chatShare,
    votes_per_minute: settings.votesPerMinute,
    votes_per_day: settings.votesPerDay,
    letters_per_second: settings.lettersPerSecond,
    battles_per_day: settings.battlesPerDay,
    cost_per_day: costPerDayPico === null ? null : formatPico(costPerDayPico),
  }
}
