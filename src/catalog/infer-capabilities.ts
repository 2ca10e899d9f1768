import type { Capability, InspectedFile, OfferedModel } from './types.ts'

/** Families that embed and do nothing else, told by their names where the upstream says nothing. */
const EMBEDDING_NAME =
  /(^|[^a-z])(embed|embeddings?|bge|e5|gte|minilm|nomic-embed|mxbai)([^a-z]|$)/i

/**
 * What an upstream's model can be asked for: what the upstream says; else `embedding` where the
 * name says so; else null, unknown: then the upstream itself decides what it answers.
 */
export function capabilitiesOfOffer(offer: OfferedModel): readonly Capability[] | null {
  if (offer.capabilities !== null) return offer.capabilities
  return EMBEDDING_NAME.test(offer.id) ? ['embedding'] : null
}

/** What the engine can do with a file: any decoder embeds, too; an encoder does nothing else. */
export function capabilitiesOfFile(file: Pick<InspectedFile, 'kind'>): readonly Capability[] {
  if (file.kind === 'embedding') return ['embedding']
  return file.kind === 'chat' ? ['chat', 'completion', 'embedding'] : ['completion', 'embedding']
}
