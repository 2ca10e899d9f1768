import type { Operation } from '../metering/index.ts'
import type { RawRoute } from '../people/index.ts'
import type { Gateway } from './service.ts'

const PATHS: readonly [Operation, string, string][] = [
  ['chat', '/v1/chat/completions', 'A chat answer, whole or streamed'],
  ['completions', '/v1/completions', 'A completion, whole or streamed'],
  ['embeddings', '/v1/embeddings', 'Embeddings, as numbers or base64'],
]

/** The routes of the OpenAI dialect that go to a provider. */
export function gatewayRoutes(gateway: Gateway): RawRoute[] {
  return PATHS.map(([operation, path, summary]) => ({
    kind: 'raw',
    method: 'POST',
    path,
    access: 'member',
    scope: operation,
    dialect: 'openai',
    summary,
    handle: (request, response, caller) => gateway.relay(operation, request, response, caller),
  }))
}
