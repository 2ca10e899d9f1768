import { type ZodType, z } from 'zod'
import type { JsonObject } from '../kernel/index.ts'
import type { Route } from '../people/index.ts'

/** OpenAPI 3.1 of all routes, from what they declare. */
export function describeApi(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const route of routes) {
    const path = openApiPath(route.path)
    const methods = paths[path] ?? {}
    methods[route.method.toLowerCase()] = describeRoute(route)
    paths[path] = methods
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Baimo',
      version,
      description:
        'A self-hosted open market for AI models. Every call needs a key unless it says otherwise.',
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'baimo_session' },
      },
      schemas: { Problem: problem, OpenaiError: openaiError },
    },
  }
}

function describeRoute(route: Route): JsonObject {
  const isOpen = route.access === 'anyone'
  const body = route.kind === 'json' ? route.body : undefined
  return {
    summary: route.summary,
    'x-access': route.access,
    ...(route.scope === null ? {} : { 'x-scope': route.scope }),
    security: isOpen ? [] : [{ key: [] }, { session: [] }],
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(schemaOf(body, 'input')) } }),
    responses: { default: describeErrors(route), ...describeAnswer(route) },
  }
}

function describeAnswer(route: Route): JsonObject {
  const answer = route.kind === 'json' ? route.answer : undefined
  const content = answer === undefined ? {} : { content: contentOf(schemaOf(answer, 'output')) }
  return { '2XX': { description: 'Done', ...content } }
}

function describeErrors({ dialect }: Route): JsonObject {
  const isOpenai = dialect === 'openai'
  const name = isOpenai ? 'OpenaiError' : 'Problem'
  const type = isOpenai ? 'application/json' : 'application/problem+json'
  const schema = { $ref: `#/components/schemas/${name}` }
  return { description: 'Refused or failed: see `code`', content: { [type]: { schema } } }
}

function pathParameters(route: Route): JsonObject[] {
  const names = route.path.split('/').filter((part) => part.startsWith(':') || part === '*')
  return names.map((part) => ({
    name: part === '*' ? 'name' : part.slice(1),
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(route: Route): JsonObject[] {
  if (route.kind !== 'json' || route.query === undefined) return []
  const { properties, required } = schemaOf(route.query, 'input')
  if (typeof properties !== 'object' || properties === null) return []
  const needed: readonly unknown[] = Array.isArray(required) ? required : []
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: needed.includes(name),
    schema,
  }))
}

function openApiPath(path: string): string {
  return path.replaceAll(/:([a-z_]+)/g, '{$1}').replace(/\*$/, '{name}')
}

function contentOf(schema: JsonObject): JsonObject {
  return { 'application/json': { schema } }
}

function schemaOf(schema: ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest as JsonObject
}

const problem: JsonObject = {
  type: 'object',
  description: 'RFC 9457. `code` is stable: docs/api/errors.md lists them all.',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    param: { type: 'string' },
    details: { type: 'object' },
    request_id: { type: 'string', format: 'uuid' },
  },
}

const openaiError: JsonObject = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: ['string', 'null'] },
      },
    },
  },
}
