// edge: talks to hubs over the network
import type { Readable } from 'node:stream'
import { type Json, parseJson, Refusal } from '../kernel/index.ts'
import type { Download, DownloadAnswer } from '../providers/index.ts'
import { refuse } from './errors.ts'
import { explainAnswer, mirrorAdvice } from './explain-answer.ts'
import { type HubRequest, repoRequests } from './hub-requests.ts'
import { mayRedirectTo, policyOf } from './may-redirect-to.ts'
import { readHuggingFace } from './read-hugging-face.ts'
import { readModelScope } from './read-model-scope.ts'
import type { FetchTiming, Hub, HubRepo, Source } from './types.ts'

/** Repositories with thousands of files answer some megabytes. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024

export interface Asking {
  readonly download: Download
  readonly timing: FetchTiming
  readonly nowMs: () => number
}

/**
 * What a hub says of a repository. Refuses with `hubs_not_found`, `hubs_access_refused`,
 * `hubs_rate_limited`, `hubs_unreachable`, `hubs_answer_invalid`, `hubs_host_forbidden`.
 */
export async function askForRepo(asking: Asking, hub: Hub, source: Source): Promise<HubRepo> {
  const [first, second] = repoRequests(hub, source)
  const files =
    first === undefined ? undefined : await askForJson(asking, hub, { request: first, source })
  // Without its facts a repository has files still, and a licence nobody knows.
  const facts =
    second === undefined
      ? undefined
      : await askForJson(asking, hub, { request: second, source }).catch(noFacts)
  const repo = hub.kind === 'hf' ? readHuggingFace(files) : readModelScope(files, facts)
  if (repo !== null) return repo
  throw refuse(
    'hubs_answer_invalid',
    `What answers at ${hub.endpoint} is no hub. ${mirrorAdvice(hub)}`,
  )
}

function noFacts(error: unknown): undefined {
  if (error instanceof Refusal) return undefined
  throw error
}

async function askForJson(
  asking: Asking,
  hub: Hub,
  about: { readonly request: HubRequest; readonly source: Source },
): Promise<Json | undefined> {
  const answer = await openDownload(asking, hub, about.request)
  if (answer.status !== 200) {
    answer.body.destroy()
    throw explainAnswer(hub, about.source, { ...answer, nowMs: asking.nowMs() })
  }
  return parseJson(await readText(hub, answer.body))
}

async function readText(hub: Hub, body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length
      if (sizeBytes > MAX_ANSWER_BYTES)
        throw refuse(
          'hubs_answer_invalid',
          `${hub.endpoint} answers more than is reasonable. ${mirrorAdvice(hub)}`,
        )
      chunks.push(chunk)
    }
  } catch (error) {
    throw explainFailure(hub, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Opens a download by the hub's rules. Its failures are told in the words of hubs. */
export async function openDownload(
  asking: Asking,
  hub: Hub,
  request: HubRequest & { readonly signal?: AbortSignal },
): Promise<DownloadAnswer> {
  let refusedHost: string | null = null
  let lastHost = ''
  try {
    const answer = await asking.download(request.url, {
      headers: request.headers,
      policyOf: (host) => {
        lastHost = host
        return policyOf(hub, host)
      },
      mayRedirectTo: (host) => {
        const isFine = mayRedirectTo(hub, host)
        if (!isFine) refusedHost = host
        return isFine
      },
      headersTimeoutMs: asking.timing.headersTimeoutMs,
      idleTimeoutMs: asking.timing.idleTimeoutMs,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    // It may break before anybody reads it; whoever reads it then is told.
    answer.body.on('error', () => {})
    return answer
  } catch (error) {
    throw explainFailure(hub, error, { refusedHost, lastHost })
  }
}

interface HostsAsked {
  /** Where it was not allowed to send us; null: nowhere. */
  readonly refusedHost: string | null
  readonly lastHost: string
}

function explainFailure(
  hub: Hub,
  error: unknown,
  { refusedHost, lastHost }: HostsAsked = { refusedHost: null, lastHost: '' },
): unknown {
  if (refusedHost !== null)
    return refuse(
      'hubs_host_forbidden',
      `${hub.title} sends to ${refusedHost}, which is none of its hosts. ${allowAdvice(refusedHost)}`,
      { cause: error },
    )
  if (!(error instanceof Refusal) || !error.code.startsWith('providers_')) return error
  if (error.code === 'providers_address_forbidden')
    return refuse(
      'hubs_host_forbidden',
      policyOf(hub, lastHost) === 'public-only'
        ? `${hub.title} leads to ${lastHost}, which is inside this network. ${allowAdvice(lastHost)}`
        : `${hub.title} leads to an address that is never asked. ${mirrorAdvice(hub)}`,
      { cause: error },
    )
  if (error.code === 'providers_redirected')
    return refuse('hubs_answer_invalid', `${hub.title}: ${error.message} ${mirrorAdvice(hub)}`, {
      cause: error,
    })
  // Of the hub's own address the settings have made sure: it is one that it redirects to.
  if (error.code === 'providers_url_invalid')
    return refuse(
      'hubs_answer_invalid',
      `${hub.title} redirects to what is no address of the web. ${mirrorAdvice(hub)}`,
      { cause: error },
    )
  if (error.code === 'providers_aborted') return error
  return refuse(
    'hubs_unreachable',
    `${hub.title} does not answer at ${hub.endpoint}. ${mirrorAdvice(hub)}`,
    { cause: error },
  )
}

function allowAdvice(host: string): string {
  return `If you trust it, set BAIMO_HUB_HOSTS=${host} and start the market again.`
}
