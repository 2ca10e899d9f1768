import { z } from 'zod'
import { Refusal } from '../kernel/index.ts'
import { clearSessionCookie, readSessionCookie, writeSessionCookie } from './cookie.ts'
import { prefersHtml } from './prefers-html.ts'
import { jsonRoute, type Reply, type Route } from './route.ts'
import {
  linkAnswer,
  meAnswer,
  newLink,
  shapeKey,
  shapeLink,
  shapeOrganisation,
  shapePerson,
} from './schemas.ts'
import type { People } from './service.ts'

export interface SignInOptions {
  readonly isSecure: () => boolean
  /** What a browser gets for a link that was used or is too old, in the language it prefers. */
  readonly answerUnusableLink: (acceptLanguage: string | undefined) => Reply
}

/** Links, sessions, and who the caller is. */
export function signInRoutes(people: People, options: SignInOptions): Route[] {
  return [
    linkMakingRoute(people),
    linkTakingRoute(people, options),
    meRoute(people),
    leaveRoute(people, options),
  ]
}

function linkMakingRoute({ signIn }: People): Route {
  return jsonRoute({
    method: 'POST',
    path: '/api/links',
    access: 'admin',
    scope: 'api',
    dialect: 'problem',
    summary: 'A link that signs you in, or a person of your organisation, once within the hour',
    body: newLink,
    answer: linkAnswer,
    handle: async ({ principal, body }) => ({
      status: 201,
      json: shapeLink(await signIn.createLink(principal, body.person_id ?? null)),
    }),
  })
}

function linkTakingRoute(
  { signIn }: People,
  { isSecure, answerUnusableLink }: SignInOptions,
): Route {
  return jsonRoute({
    method: 'GET',
    path: '/link/:token',
    access: 'anyone',
    scope: null,
    dialect: 'problem',
    // What only looks at a link, a preview or a HEAD, must not use it up.
    hasHead: false,
    summary: 'Uses a one-time link up: begins a session and opens the market',
    // As long as any parameter of a path: what is no token is a link that opens nothing.
    params: z.object({ token: z.string().max(1_000) }),
    handle: async ({ params, headers }): Promise<Reply> => {
      try {
        const { token } = await signIn.takeLink(params.token)
        const cookie = writeSessionCookie(token, { isSecure: isSecure() })
        return { status: 303, headers: { 'set-cookie': cookie, location: '/' } }
      } catch (error) {
        const isOver = error instanceof Refusal && error.kind === 'not_found'
        if (!isOver || !prefersHtml(headers.accept?.toString())) throw error
        return answerUnusableLink(headers['accept-language']?.toString())
      }
    },
  })
}

function meRoute(people: People): Route {
  return jsonRoute({
    method: 'GET',
    path: '/api/me',
    access: 'member',
    scope: 'any',
    dialect: 'problem',
    summary: 'Who you are to this market',
    answer: meAnswer,
    handle: async ({ principal: caller }) => {
      const me = await people.describe(caller)
      return {
        json: {
          via: caller.via,
          subject_id: caller.subjectId,
          role: caller.role,
          person: me.person === null ? null : shapePerson(me.person),
          organisation: me.organisation === null ? null : shapeOrganisation(me.organisation),
          team_id: caller.teamId,
          key: me.key === null ? null : shapeKey(me.key),
          scopes: caller.scopes,
          models: caller.models,
        },
      }
    },
  })
}

function leaveRoute({ signIn }: People, { isSecure }: SignInOptions): Route {
  return jsonRoute({
    method: 'DELETE',
    path: '/api/session',
    access: 'member',
    scope: 'api',
    dialect: 'problem',
    summary: 'End the browser’s session',
    handle: async ({ headers }) => {
      const token = readSessionCookie(headers.cookie as string | undefined)
      if (token !== null) await signIn.endSession(token)
      const cookie = clearSessionCookie({ isSecure: isSecure() })
      return { status: 204, headers: { 'set-cookie': cookie } }
    },
  })
}
