import { expect, it } from 'vitest'
import { presetOf } from '../../tests/support/catalog.ts'
import { newId } from '../kernel/index.ts'
import { endpointOf } from './endpoint-of.ts'
import type { Provider } from './types.ts'

const provider: Provider = {
  id: newId<'provider'>(),
  kind: 'mistral',
  name: 'mistral',
  baseUrl: 'https://api.mistral.ai/v1',
  sealedKey: 'sealed',
  quirks: null,
  resilience: { maxConnections: 7 },
  createdAtMs: 0,
  refreshedAtMs: null,
  removedAtMs: null,
}

it('has the key in the header of its kind, and the quirks of its kind unless it has its own', () => {
  const endpoint = endpointOf({ presetOf }, provider, 'sk')
  expect(endpoint).toMatchObject({
    baseUrl: provider.baseUrl,
    authHeader: { name: 'authorization', value: 'Bearer sk' },
    quirks: { acceptsStreamOptions: false },
  })
  expect(JSON.stringify(endpoint)).not.toContain('sealed')
  const quirks = { acceptsStreamOptions: true, rejectedParameters: ['n'] }
  expect(endpointOf({ presetOf }, { ...provider, quirks }, null)).toMatchObject({
    quirks,
    authHeader: null,
  })
})
