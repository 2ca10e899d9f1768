import type { Endpoint } from '../../src/catalog/index.ts'
import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  Refusal,
} from '../../src/kernel/index.ts'
import type {
  Abort,
  DispatchControl,
  ProviderOperation,
  Providers,
  ResponseHeaders,
} from '../../src/providers/index.ts'

/** Everything one exchange said. */
export interface Collected {
  /** Null: no answer began. */
  readonly status: number | null
  readonly headers: ResponseHeaders
  readonly body: Buffer
  /** The refusal's code; null when the answer ended well. */
  readonly errorCode: string | null
  readonly error: Error | null
}

export interface CollectOptions {
  readonly operation?: ProviderOperation
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly connectTimeoutMs?: number
  readonly headersTimeoutMs?: number
  readonly bodyTimeoutMs?: number
  /** Hears the exchange as it runs; `abort` ends it. */
  readonly onStart?: (control: DispatchControl, abort: Abort) => void
  readonly onData?: (control: DispatchControl, chunk: Buffer, abort: Abort) => void
}

/** Dispatches one request and gathers what it says. Never rejects. */
export function collect(
  providers: Providers,
  endpoint: Endpoint,
  body: Json | Buffer,
  options: CollectOptions = {},
): { readonly done: Promise<Collected>; readonly abort: Abort } {
  const chunks: Buffer[] = []
  let status: number | null = null
  let headers: ResponseHeaders = {}
  let abort: Abort = () => {}
  const done = new Promise<Collected>((resolve) => {
    const finish = (error: Error | null): void =>
      resolve({
        status,
        headers,
        body: Buffer.concat(chunks),
        errorCode: error instanceof Refusal ? error.code : (error?.name ?? null),
        error,
      })
    abort = providers.dispatch(
      endpoint,
      {
        operation: options.operation ?? 'chat',
        ...(options.path === undefined ? {} : { path: options.path }),
        body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
        headers: options.headers ?? {},
        ...(options.connectTimeoutMs === undefined
          ? {}
          : { connectTimeoutMs: options.connectTimeoutMs }),
        headersTimeoutMs: options.headersTimeoutMs ?? 0,
        bodyTimeoutMs: options.bodyTimeoutMs ?? 0,
      },
      {
        onResponseStart(control, answered, answeredHeaders) {
          status = answered
          headers = answeredHeaders
          options.onStart?.(control, abort)
        },
        onResponseData(control, chunk) {
          chunks.push(chunk)
          options.onData?.(control, chunk, abort)
        },
        onResponseEnd: () => finish(null),
        onResponseError: (_control, error) => finish(error),
      },
    )
  })
  return { done, abort: (reason) => abort(reason) }
}

/** A body as JSON; fails the test when it is none. */
export function jsonOf(body: Buffer): JsonObject {
  const value = parseJson(body.toString('utf8'))
  if (!isJsonObject(value))
    throw new Error(`no JSON object: ${body.toString('utf8').slice(0, 200)}`)
  return value
}

/** The `data:` of each event of a stream but `[DONE]`. Fails on an event that is no JSON. */
export function eventsOf(body: Buffer): {
  readonly chunks: JsonObject[]
  readonly isDone: boolean
} {
  const lines = body.toString('utf8').split(/\r?\n/)
  const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim())
  const last = data.at(-1)
  const isDone = last === '[DONE]'
  const chunks = (isDone ? data.slice(0, -1) : data).map((text) => jsonOf(Buffer.from(text)))
  return { chunks, isDone }
}

/** The text of a streamed chat answer's first choice. */
export function streamedText(chunks: readonly JsonObject[]): string {
  return chunks.map((chunk) => deltaOf(chunk)).join('')
}

function deltaOf(chunk: JsonObject): string {
  const choice = Array.isArray(chunk.choices) ? (chunk.choices[0] as Json | undefined) : undefined
  if (!isJsonObject(choice) || choice.index !== 0) return ''
  const text = isJsonObject(choice.delta) ? choice.delta.content : choice.text
  return typeof text === 'string' ? text : ''
}
