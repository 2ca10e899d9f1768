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
  /** A repository of a hub, as `hf:ORG/REPO[:QUANT]`. */
  | { readonly kind: 'hub'; readonly source: string }
  | { readonly kind: 'unknown' }

/** Where pages of hubs lie, and the prefix of their repositories. */
const HUB_PAGES = [
  {
    page: /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/([^/?#:]+\/[^/?#:]+(?::[^/?#]+)?)\/?$/i,
    prefix: 'hf',
  },
  {
    page: /^(?:https?:\/\/)?(?:www\.)?modelscope\.cn\/models\/([^/?#:]+\/[^/?#:]+)\/?$/i,
    prefix: 'ms',
  },
]

function hubSource(word: string): string | null {
  if (/^(hf|ms):[^/]+\/./i.test(word)) return word
  for (const { page, prefix } of HUB_PAGES) {
    const repo = page.exec(word)?.[1]
    if (repo !== undefined) return `${prefix}:${repo}`
  }
  return null
}

/**
 * `hf:…`, `ms:…` and the page of a repository are a hub's, any other `http(s)://…` is a server, a
 * path that is there or ends in .gguf a file, else the kind of a known provider. A host with a port
 * and no scheme is a server, too.
 */
export function decideSource(word: string, isFile: (path: string) => boolean): Source {
  const source = hubSource(word)
  if (source !== null) return { kind: 'hub', source }
  if (/^https?:\/\//i.test(word)) return { kind: 'server', url: word }
  const preset = ADDABLE_KINDS.find((kind) => kind === word.toLowerCase())
  if (preset !== undefined) return { kind: 'preset', preset }
  if (/\.gguf$/i.test(word) || isFile(word)) return { kind: 'file', path: word }
  if (/^[\w.-]+:\d{2,5}(\/\S*)?$/.test(word)) return { kind: 'server', url: `http://${word}` }
  return { kind: 'unknown' }
}
