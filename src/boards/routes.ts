import type { z } from 'zod'
import { jsonRoute, listAnswer, type Principal, type Reply, type Route } from '../people/index.ts'
import {
  boardAnswer,
  boardPath,
  boardQuery,
  certificateAnswer,
  kindQuery,
  listedAnswer,
  listQuery,
  mineQuery,
  publicAnswer,
  publicBody,
  settingsBody,
  sideQuery,
} from './route-schemas.ts'
import type { Boards, BoardWish } from './service.ts'
import { shapeBoard, shapeCertificate, shapeListed } from './shape-board.ts'
import type { BoardSettings } from './types.ts'

const common = { scope: 'api', dialect: 'problem' } as const
/** The owner may let anybody see a board; all others are there for the organisation alone. */
const open = { ...common, access: 'anyone', seesCaller: true } as const

/** Who sees what is inside: a key without the scope is no more than a stranger here. */
function insider(caller: Principal | null): Principal | null {
  if (caller === null || caller.via === 'scrape-token') return null
  return caller.scopes === null || caller.scopes.includes('api') ? caller : null
}

/** What anybody may read of boards, as far as they are open to them. */
export function boardsRoutes(boards: Boards): Route[] {
  return [...readRoutes(boards), ...fileRoutes(boards), ...ownRoutes(boards)]
}

function readRoutes(boards: Boards): Route[] {
  return [
    jsonRoute({
      ...open,
      method: 'GET',
      path: '/api/boards',
      summary: 'The boards that are open to you: yours, and of the house what its owner published',
      query: listQuery,
      answer: listAnswer(listedAnswer),
      async handle({ principal, query }) {
        const all = (await boards.list(insider(principal))).map(shapeListed)
        const data = all.filter(
          ({ league, kind }) =>
            league === (query.league ?? league) && kind === (query.kind ?? kind),
        )
        return { json: { data, next_cursor: null } }
      },
    }),
    jsonRoute({
      ...open,
      method: 'GET',
      path: '/api/boards/:league/:slice',
      summary:
        'A board: ratings with intervals, tiers, claims, and what speaks against trusting it',
      params: boardPath,
      query: boardQuery,
      answer: boardAnswer,
      handle: async ({ principal, params, query }) => ({
        json: shapeBoard(await boards.show(insider(principal), wishOf(params, query))),
      }),
    }),
    jsonRoute({
      ...open,
      method: 'GET',
      path: '/api/boards/:league/:slice/certificates',
      summary: 'Every claim of a board that was certified, with its date and how it ended',
      params: boardPath,
      query: sideQuery,
      answer: listAnswer(certificateAnswer),
      async handle({ principal, params, query }) {
        const all = await boards.certificates(insider(principal), wishOf(params, query))
        return { json: { data: all.map(shapeCertificate), next_cursor: null } }
      },
    }),
  ]
}

function fileRoutes(boards: Boards): Route[] {
  return [
    jsonRoute({
      ...open,
      method: 'GET',
      path: '/api/boards/:league/:slice/pairs.csv',
      summary: 'Counts of pairs: "baimo rate" makes the same ratings, se and matchup spread of it',
      params: boardPath,
      query: kindQuery,
      handle: async ({ principal, params, query }) =>
        fileOf(await boards.pairsFile(insider(principal), { ...params, kind: query.kind })),
    }),
    jsonRoute({
      ...open,
      method: 'GET',
      path: '/api/boards/:league/:slice/raters.csv',
      summary: 'Counts by rater under pseudonyms: the same intervals, tiers and claims of today',
      params: boardPath,
      query: kindQuery,
      handle: async ({ principal, params, query }) =>
        fileOf(await boards.ratersFile(insider(principal), { ...params, kind: query.kind })),
    }),
  ]
}

function ownRoutes(boards: Boards): Route[] {
  return [
    jsonRoute({
      ...common,
      access: 'member',
      method: 'GET',
      path: '/api/boards/mine',
      summary: 'The board of your own votes',
      query: mineQuery,
      answer: boardAnswer,
      handle: async ({ principal, query }) => ({
        json: shapeBoard(await boards.showMine(principal, query)),
      }),
    }),
    jsonRoute({
      ...common,
      access: 'member',
      method: 'GET',
      path: '/api/boards/settings',
      summary:
        'When your organisation’s boards may be seen outside, and which claims are told there',
      answer: settingsBody,
      handle: async ({ principal }) => ({
        json: shapeSettings(await boards.settings(principal.organisationId)),
      }),
    }),
    jsonRoute({
      ...common,
      access: 'owner',
      method: 'PUT',
      path: '/api/boards/settings',
      summary: 'Say how many people must have voted before a board of yours is seen outside',
      body: settingsBody,
      answer: settingsBody,
      async handle({ principal, body }) {
        const settings = {
          leastPeople: body.least_people,
          leastTolerance: body.least_tolerance_votes,
        }
        return { json: shapeSettings(await boards.setSettings(principal, settings)) }
      },
    }),
    jsonRoute({
      ...common,
      access: 'owner',
      method: 'PATCH',
      path: '/api/boards/:league/:slice',
      summary: 'Let anybody see a board, once enough people voted, or nobody outside',
      params: boardPath,
      query: kindQuery,
      body: publicBody,
      answer: publicAnswer,
      async handle({ principal, params, query, body }) {
        const path = { ...params, kind: query.kind }
        const board = await boards.setPublic(principal, path, body.is_public)
        return { json: { ...path, is_public: board.isPublic } }
      },
    }),
  ]
}

function wishOf(
  params: z.output<typeof boardPath>,
  query: z.output<typeof sideQuery> & Partial<z.output<typeof boardQuery>>,
): BoardWish {
  return {
    ...params,
    kind: query.kind,
    isStyled: query.style === '1',
    number: query.version ?? null,
    filter: {
      openness: query.openness,
      size: query.size,
      country: query.country,
      maxPrice: query.max_price,
      place: query.place,
    },
  }
}

function fileOf(content: string): Reply {
  return { text: { type: 'text/csv; charset=utf-8', content } }
}

function shapeSettings({ leastPeople, leastTolerance }: BoardSettings) {
  return { least_people: leastPeople, least_tolerance_votes: leastTolerance }
}
