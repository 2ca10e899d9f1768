import type { ProviderAnswer } from './answers.ts'

/** Where a provider answers, for people: the engine has no address that anybody could use. */
export function placeOfProvider({
  kind,
  base_url: url,
}: Pick<ProviderAnswer, 'kind' | 'base_url'>) {
  return kind === 'engine' ? 'this machine’s engine' : url
}
