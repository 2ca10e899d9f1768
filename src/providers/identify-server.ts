// edge: talks to servers at an address and on the usual local ports
import type { AddressPolicy, Endpoint, ProviderKind } from '../catalog/index.ts'
import { isJsonObject, type Json, type JsonObject, newId, parseJson } from '../kernel/index.ts'
import type { FetchLimits, FetchText } from './fetch-text.ts'
import { normaliseBaseUrl } from './normalise-base-url.ts'
import { kindOfHost, presetOf } from './presets.ts'
import type { FoundServer, ServerIdentity } from './types.ts'

interface Sign {
  readonly kind: ProviderKind
  /** Asked of the origin, outside the dialect's own paths. */
  readonly path: string
  /** The version in its answer; undefined: the answer is not this server's. */
  readonly read: (answer: JsonObject) => string | null | undefined
  /** Which market it is, where it is one. */
  readonly readMarket?: (answer: JsonObject) => string | null
}

/**
 * What only one kind of server answers. Ollama and vLLM both say `version`, at paths of their own;
 * llama.cpp's `/props` has the chat template; LM Studio lists states of models.
 */
const SIGNS: readonly Sign[] = [
  { kind: 'ollama', path: '/api/version', read: (answer) => versionIn(answer.version) },
  {
    kind: 'llamacpp',
    path: '/props',
    read: (answer) =>
      'default_generation_settings' in answer || 'build_info' in answer
        ? (versionIn(answer.build_info) ?? null)
        : undefined,
  },
  { kind: 'vllm', path: '/version', read: (answer) => versionIn(answer.version) },
  {
    kind: 'lmstudio',
    path: '/api/v0/models',
    read: (answer) => (Array.isArray(answer.data) ? null : undefined),
  },
  {
    kind: 'baimo',
    path: '/healthz', // without a key, and to anybody
    read: (answer) => (answer.name === 'baimo' ? null : undefined),
    readMarket: (answer) => versionIn(answer.market) ?? null,
  },
]

const LOCAL_PORTS: readonly { readonly kind: ProviderKind; readonly port: number }[] = [
  { kind: 'ollama', port: 11_434 },
  { kind: 'llamacpp', port: 8_080 },
  { kind: 'vllm', port: 8_000 },
  { kind: 'lmstudio', port: 1_234 },
]

const NOBODY_KNOWN: ServerIdentity = { kind: 'generic', version: null, marketId: null }
const IDENTIFY: FetchLimits = { totalMs: 3_000, maxBytes: 4 * 1024 * 1024 }
const DISCOVER: FetchLimits = { totalMs: 300, maxBytes: 4 * 1024 * 1024 }

/**
 * What answers at an address. A known service is told by its host, and then nothing is asked.
 * `generic` when no sign fits, also when nothing answers.
 */
export async function identifyServer(
  fetchText: FetchText,
  url: string,
  policy: AddressPolicy = 'private-allowed',
): Promise<ServerIdentity> {
  const { origin, hostname } = new URL(normaliseBaseUrl(url, policy))
  const service = kindOfHost(hostname)
  if (service !== null) return { kind: service, version: null, marketId: null }
  const answers = await Promise.all(
    SIGNS.map((sign) => ask(fetchText, { sign, origin, policy }, IDENTIFY)),
  )
  return answers.find((answer) => answer !== null) ?? NOBODY_KNOWN
}

/** Which market answers at an address; null: none does. Known services are not asked. */
export async function marketAt(fetchText: FetchText, url: string): Promise<string | null> {
  const { origin, hostname } = new URL(normaliseBaseUrl(url))
  const sign = SIGNS.find((each) => each.kind === 'baimo')
  if (sign === undefined || kindOfHost(hostname) !== null) return null
  return (await ask(fetchText, { sign, origin }, IDENTIFY))?.marketId ?? null
}

/**
 * The servers found on the usual local ports: each port is asked for its own server's sign, once,
 * and nothing else. Takes no longer than 300 ms; an empty list when none answers.
 */
export async function discoverLocalServers(fetchText: FetchText): Promise<readonly FoundServer[]> {
  const found = await Promise.all(LOCAL_PORTS.map(({ kind, port }) => look(fetchText, kind, port)))
  return found.filter((server) => server !== null)
}

async function look(
  fetchText: FetchText,
  kind: ProviderKind,
  port: number,
): Promise<FoundServer | null> {
  const sign = SIGNS.find((each) => each.kind === kind)
  if (sign === undefined) return null
  const origin = `http://localhost:${port}`
  const identity = await ask(fetchText, { sign, origin }, DISCOVER)
  return identity === null ? null : { ...identity, baseUrl: `${origin}/v1` }
}

async function ask(
  fetchText: FetchText,
  question: { readonly sign: Sign; readonly origin: string; readonly policy?: AddressPolicy },
  limits: FetchLimits,
): Promise<ServerIdentity | null> {
  const { sign, origin, policy } = question
  const endpoint = { ...bareEndpoint(origin), addressPolicy: policy ?? 'private-allowed' }
  const asked = fetchText(endpoint, sign.path, limits)
  const answer = await asked.catch(() => null) // nobody there
  if (answer === null || answer.status !== 200) return null
  const value = parseJson(answer.text)
  const version = isJsonObject(value) ? sign.read(value) : undefined
  if (version === undefined || !isJsonObject(value)) return null
  return { kind: sign.kind, version, marketId: sign.readMarket?.(value) ?? null }
}

function versionIn(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.length <= 100 ? value : undefined
}

/** An origin without a key: nobody's secret is shown to a server that is not yet known. */
function bareEndpoint(origin: string): Endpoint {
  return {
    providerId: newId<'provider'>(),
    dialect: 'openai',
    baseUrl: origin,
    socketPath: null,
    authHeader: null,
    quirks: presetOf('generic').quirks,
  }
}
