import type { ProviderKind } from '../catalog/index.ts'

/** Kinds that can be added by name: the catalog's without its own engine. */
export const ADDABLE_KINDS = [
  'openai',
  'mistral',
  'qwen',
  'deepseek',
  'gemini',
  'openrouter',
  'vllm',
  'sglang',
  'ollama',
  'llamacpp',
  'lmstudio',
  'baimo',
  'generic',
] as const satisfies readonly ProviderKind[]

/** What a person wants to add, by the look of the word. */
export type Source =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'preset'; readonly preset: string }
  | { readonly kind: 'unknown' }

/**
 * `http(s)://…` is a server, a path that is there or ends in .gguf a file, else the kind of a
 * known provider. A host with a port and no scheme is a server, too.
 */
export function decideSource(word: string, isFile: (path: string) => boolean): Source {
  if (/^https?:\/\//i.test(word)) return { kind: 'server', url: word }
  const preset = ADDABLE_KINDS.find((kind) => kind === word.toLowerCase())
  if (preset !== undefined) return { kind: 'preset', preset }
  if (/\.gguf$/i.test(word) || isFile(word)) return { kind: 'file', path: word }
  if (/^[\w.-]+:\d{2,5}(\/\S*)?$/.test(word)) return { kind: 'server', url: `http://${word}` }
  return { kind: 'unknown' }
}
