import {
  PROVIDER_KINDS,
  type ProviderKind,
  type ProviderPreset,
  type Quirks,
} from '../catalog/index.ts'

const BEARER = { name: 'authorization', prefix: 'Bearer ' }
const PLAIN: Quirks = { acceptsStreamOptions: true, rejectedParameters: [] }

interface Row {
  readonly title: string
  readonly baseUrl?: string
  readonly publisher?: string
  readonly isLocal?: boolean
  readonly quirks?: Quirks
}

const ROWS: Readonly<Record<ProviderKind, Row>> = {
  openai: { title: 'OpenAI', baseUrl: 'https://api.openai.com/v1', publisher: 'openai' },
  mistral: {
    title: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    publisher: 'mistralai',
    // Its streams end with usage unasked, and it refuses parameters that it does not know.
    quirks: {
      acceptsStreamOptions: false,
      rejectedParameters: ['max_completion_tokens', 'store'],
    },
  },
  qwen: {
    title: 'Qwen (Alibaba Cloud Model Studio)',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    publisher: 'qwen',
  },
  deepseek: {
    title: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    publisher: 'deepseek-ai',
  },
  gemini: {
    title: 'Google Gemini (OpenAI-compatible endpoint)',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    publisher: 'google',
  },
  openrouter: { title: 'OpenRouter', baseUrl: 'https://openrouter.ai/api/v1' },
  vllm: { title: 'vLLM', baseUrl: 'http://localhost:8000/v1', isLocal: true },
  sglang: { title: 'SGLang', baseUrl: 'http://localhost:30000/v1', isLocal: true },
  ollama: { title: 'Ollama', baseUrl: 'http://localhost:11434/v1', isLocal: true },
  llamacpp: { title: 'llama.cpp', baseUrl: 'http://localhost:8080/v1', isLocal: true },
  lmstudio: { title: 'LM Studio', baseUrl: 'http://localhost:1234/v1', isLocal: true },
  baimo: { title: 'another Baimo' },
  engine: { title: "Baimo's own engine", baseUrl: 'http://engine.localhost/v1', isLocal: true },
  generic: { title: 'any server of the OpenAI dialect' },
}

const NEED_NO_KEY = new Set<ProviderKind>([
  'vllm',
  'sglang',
  'ollama',
  'llamacpp',
  'lmstudio',
  'engine',
  'generic',
])

/** Hosts of services that have more than one. */
const OTHER_HOSTS: Readonly<Record<string, ProviderKind>> = {
  'dashscope.aliyuncs.com': 'qwen',
  'dashscope-us.aliyuncs.com': 'qwen',
}

/** The kind of service that an address belongs to, told by its host; null: none that is known. */
export function kindOfHost(hostname: string): ProviderKind | null {
  const services = PROVIDER_KINDS.filter((kind) => ROWS[kind].isLocal !== true)
  const found = services.find((kind) => {
    const { baseUrl } = ROWS[kind]
    return baseUrl !== undefined && URL.parse(baseUrl)?.hostname === hostname
  })
  return found ?? OTHER_HOSTS[hostname] ?? null
}

/** What Baimo knows of a kind of provider. */
export function presetOf(kind: ProviderKind): ProviderPreset {
  const row = ROWS[kind]
  return {
    kind,
    title: row.title,
    baseUrl: row.baseUrl ?? null,
    authHeader: BEARER,
    needsKey: !NEED_NO_KEY.has(kind),
    publisher: row.publisher ?? null,
    isLocal: row.isLocal ?? false,
    quirks: row.quirks ?? PLAIN,
  }
}
