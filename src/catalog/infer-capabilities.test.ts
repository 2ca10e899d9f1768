import { expect, it } from 'vitest'
import { capabilitiesOfFile, capabilitiesOfOffer } from './infer-capabilities.ts'
import type { OfferedModel } from './types.ts'

function offer(id: string, capabilities: OfferedModel['capabilities'] = null): OfferedModel {
  return {
    id,
    ownedBy: null,
    createdAtSeconds: null,
    contextTokens: null,
    parametersTotal: null,
    capabilities,
    modalities: null,
  }
}

it.each([
  'nomic-embed-text:latest',
  'text-embedding-3-small',
  'BAAI/bge-m3',
  'intfloat/e5-large',
  'all-minilm',
])('takes %s for an embedding model by its name', (id) => {
  expect(capabilitiesOfOffer(offer(id))).toEqual(['embedding'])
})

it.each(['gpt-4o', 'llama3.2', 'me5a', 'embedded-systems-coder'])(
  'does not know what %s can do',
  (id) => {
    expect(capabilitiesOfOffer(offer(id))).toBeNull()
  },
)

it('believes the upstream before the name', () => {
  expect(capabilitiesOfOffer(offer('mistral-embed', ['chat']))).toEqual(['chat'])
})

it('lets any decoder embed, and an encoder do nothing else', () => {
  expect(capabilitiesOfFile({ kind: 'chat' })).toEqual(['chat', 'completion', 'embedding'])
  expect(capabilitiesOfFile({ kind: 'completion' })).toEqual(['completion', 'embedding'])
  expect(capabilitiesOfFile({ kind: 'embedding' })).toEqual(['embedding'])
})
