import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ZodType, z } from 'zod'
import type { Json } from '../kernel/index.ts'
import type { Access, Principal, Scope } from './types.ts'

/** What every route says of itself, before it says what it does. */
export interface RouteDeclaration {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As fastify writes it: `/api/keys/:id`; a last `*` matches names with slashes. */
  readonly path: string
  /** Who may call it. There is no default: a route without it does not compile. */
  readonly access: Access
  /**
   * The scope a key must have; `any`: whatever its scopes, for what a key may know of itself; null
   * where no scope limits it (only `anyone` routes).
   */
  readonly scope: Scope | 'any' | null
  /** One line for /api/openapi.json. */
  readonly summary: string
  /** Which error shape the route answers in. */
  readonly dialect: 'problem' | 'openai'
  /** Whether a GET also answers HEAD, by running without its body; absent: yes, for JSON routes. */
  readonly hasHead?: boolean
  /**
   * Whether an `anyone` route looks at who calls; absent: no, and no key or session is looked up
   * for it. All other routes know their caller.
   */
  readonly seesCaller?: boolean
  /**
   * Whether it changes the store; absent: yes, unless it is a GET. What does is refused while the
   * database cannot be written, as on a full disk.
   */
  readonly writesStore?: boolean
}

/** One call of a route: parsed, validated, with its caller known. */
export interface Call<Params, Query, Body, A extends Access = Access> {
  /** Null only on `anyone` routes: for strangers, and for everybody unless `seesCaller`. */
  readonly principal: A extends 'anyone' ? Principal | null : Principal
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly requestId: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface Reply {
  /** 200 when absent. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON; absent: no body. */
  readonly json?: Json
  /** A body that is not JSON, with its content type. */
  readonly text?: { readonly type: string; readonly content: string }
}

/** A route whose body is JSON and small: everything but the relay. */
export interface JsonRoute extends RouteDeclaration {
  readonly kind: 'json'
  readonly params?: ZodType
  readonly query?: ZodType
  readonly body?: ZodType
  /** What a good answer looks like, for /api/openapi.json. */
  readonly answer?: ZodType
  readonly handle: (call: Call<never, never, never>) => Promise<Reply> | Reply
}

/**
 * A route that reads and writes the sockets itself: the relay. Its answers say `x-request-id` and
 * `x-content-type-options: nosniff` themselves: headers set beforehand make Node go a slower way.
 */
export interface RawRoute extends RouteDeclaration {
  readonly kind: 'raw'
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    caller: { readonly principal: Principal; readonly requestId: string },
  ) => void
}

export type Route = JsonRoute | RawRoute

type Parsed<T> = T extends ZodType ? z.output<T> : undefined

/** A JSON route whose handler is typed by its schemas, and by its access: who may call is there. */
export function jsonRoute<
  P extends ZodType | undefined = undefined,
  Q extends ZodType | undefined = undefined,
  B extends ZodType | undefined = undefined,
  A extends Access = Access,
>(
  route: RouteDeclaration & {
    readonly access: A
    readonly params?: P
    readonly query?: Q
    readonly body?: B
    readonly answer?: ZodType
    readonly handle: (call: Call<Parsed<P>, Parsed<Q>, Parsed<B>, A>) => Promise<Reply> | Reply
  },
): JsonRoute {
  return { ...route, kind: 'json' } as unknown as JsonRoute
}
