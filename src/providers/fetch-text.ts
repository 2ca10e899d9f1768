// edge: talks to providers over sockets, by timers
import type { Endpoint } from '../catalog/index.ts'
import { type DispatchMeans, send } from './dispatch.ts'
import { refuseProvider } from './errors.ts'
import type { Pools } from './pools.ts'
import type { Abort, ProviderHandler } from './types.ts'

export interface FetchLimits {
  readonly totalMs: number
  readonly maxBytes: number
}

export interface FetchedText {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

export type FetchText = (
  endpoint: Endpoint,
  path: string,
  limits: FetchLimits,
) => Promise<FetchedText>

const ACCEPT_JSON = { accept: 'application/json' }

/** A small GET by the same connections and rules as `dispatch`: bounded in bytes and in time. */
export function textFetcher(pools: Pools, means: DispatchMeans): FetchText {
  return (endpoint, path, bounds) =>
    new Promise((resolve, reject) => {
      let abort: Abort = () => {}
      const timer = setTimeout(
        () => abort(refuseProvider('providers_timeout', 'The provider did not answer in time.')),
        bounds.totalMs,
      )
      const collector = collect(bounds.maxBytes, (outcome) => {
        clearTimeout(timer)
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome)
      })
      abort = send(pools, means, {
        endpoint,
        handler: collector,
        call: {
          method: 'GET',
          path,
          headers: ACCEPT_JSON,
          body: null,
          headersTimeoutMs: 0,
          bodyTimeoutMs: 0,
        },
      })
    })
}

function collect(
  maxBytes: number,
  done: (outcome: FetchedText | { readonly error: unknown }) => void,
): ProviderHandler {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  let status = 0
  let contentType = ''
  return {
    onResponseStart(_control, answered, headers) {
      status = answered
      contentType = String(headers['content-type'] ?? '')
    },
    onResponseData(control, chunk) {
      sizeBytes += chunk.length
      if (sizeBytes <= maxBytes) chunks.push(chunk)
      else {
        control.abort(
          refuseProvider('providers_bad_response', 'The provider answers more than is reasonable.'),
        )
      }
    },
    onResponseEnd() {
      done({ status, contentType, text: Buffer.concat(chunks).toString('utf8') })
    },
    onResponseError(_control, error) {
      // Our own abort carries the true reason as its cause.
      const isOurs = 'code' in error && error.code === 'providers_aborted'
      done({ error: isOurs && error.cause instanceof Error ? error.cause : error })
    },
  }
}
