// edge: talks to servers that files are fetched from, by timers
import type { LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { Agent, type Dispatcher, request } from 'undici'
import type { AddressPolicy } from '../catalog/index.ts'
import { describeFailure } from './describe-failure.ts'
import { refuseProvider } from './errors.ts'
import { responseHeaders } from './filter-headers.ts'
import { guardLookup, refuseForbiddenHost } from './guard-address.ts'
import type { Download, DownloadAnswer, DownloadRequest } from './types.ts'

export interface DownloaderOptions {
  readonly connectTimeoutMs: number
  /** How a name becomes addresses. */
  readonly lookup: LookupFunction
}

export interface Downloader {
  readonly download: Download
  /** Ends what still runs. */
  close(): Promise<void>
}

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** What may be told to another origin than the one it was meant for. */
const HARMLESS = new Set([
  'accept',
  'accept-encoding',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'user-agent',
])

/** The way to files on the network; opens no connection before the first request. */
export function openDownloader(options: DownloaderOptions): Downloader {
  const agents: Agents = {
    'private-allowed': openAgent(options, 'private-allowed'),
    'public-only': openAgent(options, 'public-only'),
  }
  return {
    download: (url, wish) => download(agents, url, wish),
    close: async () => {
      await Promise.all(Object.values(agents).map((agent) => agent.destroy()))
    },
  }
}

function openAgent(options: DownloaderOptions, policy: AddressPolicy): Agent {
  return new Agent({
    allowH2: false,
    connect: {
      timeout: options.connectTimeoutMs,
      lookup: guardLookup(options.lookup, policy),
    },
  })
}

type Agents = Readonly<Record<AddressPolicy, Agent>>

interface Hop {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

async function download(
  agents: Agents,
  url: string,
  wish: DownloadRequest,
): Promise<DownloadAnswer> {
  let hop: Hop = {
    url: checkedUrl(url, wish),
    headers: { 'accept-encoding': 'identity', ...wish.headers },
  }
  for (let redirects = 0; ; redirects++) {
    const answer = await ask(agents[wish.policyOf(hop.url.hostname)], hop, wish)
    const next = REDIRECTS.has(answer.statusCode) ? answer.headers.location : undefined
    if (next === undefined) {
      return {
        status: answer.statusCode,
        headers: responseHeaders(answer.headers),
        url: hop.url.href,
        body: new Body(answer.body, wish.signal),
      }
    }
    answer.body.on('error', ignore).destroy() // nobody reads what a redirect says
    if (redirects === MAX_REDIRECTS) throw redirected('The file redirects too often.')
    hop = nextHop(hop, String(next), wish)
  }
}

/** One hop's answer. What takes too long is ended, and what the caller ends is said to be that. */
async function ask(
  agent: Agent,
  hop: Hop,
  wish: DownloadRequest,
): Promise<Dispatcher.ResponseData> {
  const late = new AbortController()
  const timer = setTimeout(
    () => late.abort(refuseProvider('providers_timeout', 'The server began no answer in time.')),
    wish.headersTimeoutMs,
  )
  try {
    wish.signal?.throwIfAborted()
    return await request(hop.url, {
      dispatcher: agent,
      headers: hop.headers,
      signal: wish.signal === undefined ? late.signal : AbortSignal.any([wish.signal, late.signal]),
      headersTimeout: 0,
      bodyTimeout: wish.idleTimeoutMs,
    })
  } catch (error) {
    throw describe(error, wish.signal)
  } finally {
    clearTimeout(timer)
  }
}

function nextHop(from: Hop, location: string, wish: DownloadRequest): Hop {
  const target = URL.parse(location, from.url)
  if (target === null) throw redirected('The file redirects to what is no address.')
  const url = checkedUrl(target.href, wish)
  const isDowngrade = from.url.protocol === 'https:' && url.protocol === 'http:'
  if (isDowngrade) throw redirected('The file redirects from https to http, which is not followed.')
  if (url.hostname !== from.url.hostname && !wish.mayRedirectTo(url.hostname)) {
    throw redirected('The file redirects to a host that it may not come from.')
  }
  if (url.origin === from.url.origin) return { url, headers: from.headers }
  const headers = Object.entries(from.headers).filter(([name]) => HARMLESS.has(name))
  return { url, headers: Object.fromEntries(headers) }
}

function checkedUrl(text: string, { policyOf }: DownloadRequest): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refuseProvider('providers_url_invalid', 'Only http and https addresses can be used.', {
      param: 'url',
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw refuseProvider('providers_url_invalid', 'Leave user and password out of the address.', {
      param: 'url',
    })
  }
  refuseForbiddenHost(url.hostname, policyOf(url.hostname))
  url.hash = ''
  return url
}

function redirected(message: string): Error {
  return refuseProvider('providers_redirected', message)
}

function describe(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted !== true) return describeFailure(error)
  return refuseProvider('providers_aborted', 'The download was given up.', { cause: signal.reason })
}

/** The bytes of an answer, whose failures have codes of the catalogue. */
class Body extends Readable {
  readonly #source: Readable

  constructor(source: Readable, signal: AbortSignal | undefined) {
    super({ highWaterMark: 64 * 1024 })
    this.#source = source
    source.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) source.pause()
    })
    source.on('end', () => this.push(null))
    source.on('error', (error) => this.destroy(describe(error, signal)))
    source.pause()
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.destroy()
    done(error)
  }
}

function ignore(): void {}
