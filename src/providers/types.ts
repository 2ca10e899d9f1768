import type { Readable } from 'node:stream'
import type { AddressPolicy, Endpoint, OfferedModel, ProviderKind } from '../catalog/index.ts'

/** What a provider is asked to do. Each has its path below the endpoint's base URL. */
export type ProviderOperation = 'chat' | 'completions' | 'embeddings'

export interface ProviderRequest {
  readonly operation: ProviderOperation
  readonly body: Buffer
  /**
   * Headers for the upstream, names in lower case. Hop-by-hop headers, credentials of the caller,
   * `host`, `content-length` and `accept-encoding` are never sent on, whatever stands here.
   */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  /** Longest wait for a connection while one is free to be opened; absent: the pools' own. */
  readonly connectTimeoutMs?: number
  /** From the request's last byte to the answer's headers; 0: no limit. */
  readonly headersTimeoutMs: number
  /** Longest silence within the answer's body; 0: no limit. */
  readonly bodyTimeoutMs: number
}

/** The running dispatch, for back-pressure: a paused one reads nothing more from its socket. */
export interface DispatchControl {
  pause(): void
  resume(): void
  abort(reason: Error): void
}

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>

/**
 * Hears one dispatch. Exactly one of `onResponseEnd` and `onResponseError` is called, once, and
 * nothing after it; neither before `dispatch` has returned. The shape is that of undici's handlers.
 */
export interface ProviderHandler {
  /** The request is about to be written: a connection was found. */
  onRequestStart?(control: DispatchControl): void
  /**
   * The answer's status (200 to 299, 400 to 599) and its headers, names in lower case. Some may be
   * about the connection alone: pick those that may pass.
   */
  onResponseStart(
    control: DispatchControl,
    status: number,
    headers: ResponseHeaders,
    statusText: string,
  ): void
  onResponseData(control: DispatchControl, chunk: Buffer): void
  onResponseEnd(control: DispatchControl): void
  /** A Refusal of `errors.ts`; `providers_aborted` when it ended by `abort`. */
  onResponseError(control: DispatchControl, error: Error): void
}

/** Ends the dispatch: the upstream's connection is closed at once. Does nothing when it is over. */
export type Abort = (reason?: Error) => void

/** What kind of server answers at an address, when it can be told. */
export interface ServerIdentity {
  /** `generic` when no sign of a known kind was seen. */
  readonly kind: ProviderKind
  /** As the server says it; null when it does not. */
  readonly version: string | null
  /** Which market it is, of a Baimo that says so; else null. */
  readonly marketId: string | null
}

/** A local server that was found. Shown to the operator, never added by itself. */
export interface FoundServer extends ServerIdentity {
  readonly baseUrl: string
}

export interface DownloadRequest {
  /**
   * Names in lower case; `range` is for the caller to set. As soon as a redirect leads to another
   * origin, all but `accept`, `if-…`, `range` and `user-agent` are dropped for good.
   */
  readonly headers?: Readonly<Record<string, string>>
  /** What addresses a host may have (name or literal, lower case), asked anew for each hop. */
  readonly policyOf: (host: string) => AddressPolicy
  /** Whether a redirect may lead to another host (name or literal, lower case, without a port). */
  readonly mayRedirectTo: (host: string) => boolean
  /** For each hop, from the question to the answer's headers. */
  readonly headersTimeoutMs: number
  /** Longest silence within the body while it is read. */
  readonly idleTimeoutMs: number
  readonly signal?: AbortSignal
}

export interface DownloadAnswer {
  /** Never a redirect that was followed; 304 passes. What a status means is for the caller. */
  readonly status: number
  readonly headers: ResponseHeaders
  /** Where the answer came from, after redirects. May hold a signature: not for logs. */
  readonly url: string
  /**
   * The bytes as they came, not decompressed (`identity` is asked for), with back-pressure. Fails
   * with a refusal of `errors.ts`. Destroy it, or leave its iteration, to close the connection.
   */
  readonly body: Readable
}

/**
 * A GET that follows redirects, at most five, each hop checked anew: resolve, check all addresses,
 * connect to the very one that was checked. Refuses with `providers_url_invalid`,
 * `providers_address_forbidden`, `providers_redirected` (to a host that may not be, or too often),
 * `providers_unreachable`, `providers_timeout`, `providers_connection_lost`, `providers_aborted`.
 */
export type Download = (url: string, request: DownloadRequest) => Promise<DownloadAnswer>

export interface Providers {
  /** Sends one request. Throws nothing: every failure comes by `onResponseError`. */
  dispatch(endpoint: Endpoint, request: ProviderRequest, handler: ProviderHandler): Abort
  /**
   * The models an upstream offers, at most 5,000, each id once.
   * Refuses with `providers_…`: unreachable, timed out, refused the key, or no list in the answer.
   */
  listModels(endpoint: Endpoint): Promise<readonly OfferedModel[]>
  /** What answers at an address (with or without `/v1`). Known services are told by their host. */
  identifyServer(baseUrl: string, policy?: AddressPolicy): Promise<ServerIdentity>
  /** Which market answers at an address; null: none does. */
  marketAt(baseUrl: string): Promise<string | null>
  /** Looks for Ollama, llama.cpp, vLLM and LM Studio on this machine; about 300 ms. */
  discoverLocalServers(): Promise<readonly FoundServer[]>
  download: Download
  /** Lets running dispatches end, then closes every connection. */
  close(): Promise<void>
}
