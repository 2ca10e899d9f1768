import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What goes wrong with one request for a file. */
export type Fault =
  /** The connection breaks after so many bytes. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Nothing more comes after so many bytes, and the connection stays. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: 'redirect'; readonly to: string }
  /** It says another `content-length` than the file has. */
  | { readonly kind: 'length'; readonly saysBytes: number }
  /** Without a length it ends in good order before the end, or goes on behind it. */
  | { readonly kind: 'short'; readonly missingBytes: number }
  | { readonly kind: 'long'; readonly moreBytes: number }
  /** Other bytes of the same number. */
  | { readonly kind: 'wrong' }
  /** A web page in its place, in good order. */
  | { readonly kind: 'page' }
  /** Says that it begins at another byte than was asked for. */
  | { readonly kind: 'other-part' }
  /** So many bytes at a time. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly gapMs: number }

export interface ScriptedFile {
  readonly path: string
  content: Buffer
  /** What the hub tells of it, where that is not true. */
  toldSha256?: string | null
  toldBytes?: number
  etag?: string
  ignoresRange?: boolean
  /** One for each request, in order; then all is well. The last may be for ever. */
  faults?: Fault[]
  isFaultForever?: boolean
}

export interface SeenRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

export interface ScriptedHub {
  readonly endpoint: string
  readonly files: ScriptedFile[]
  readonly requests: SeenRequest[]
  licence: string | null
  isGated: boolean
  /** Answers every question about the repository with it; null: as it should. */
  apiAnswer: { status: number; headers?: Record<string, string>; body?: string } | null
  /** Needed for everything; null: nothing is. */
  token: string | null
  fileRequests(): SeenRequest[]
  close(): Promise<void>
}

/** A hub that speaks both APIs for one repository, `acme/lion-GGUF`, and fails as it is told. */
export async function openScriptedHub(files: ScriptedFile[]): Promise<ScriptedHub> {
  const server = createServer((request, response) => {
    hub.requests.push({ path: request.url ?? '', headers: request.headers })
    void answer(hub, request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const hub: ScriptedHub = {
    endpoint: `http://127.0.0.1:${port}`,
    files,
    requests: [],
    licence: 'apache-2.0',
    isGated: false,
    apiAnswer: null,
    token: null,
    fileRequests: () => hub.requests.filter(({ path }) => path.includes('/resolve/')),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return hub
}

export function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

async function answer(
  hub: ScriptedHub,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? '', hub.endpoint).pathname)
  if (hub.token !== null && request.headers.authorization !== `Bearer ${hub.token}`)
    return void response.writeHead(401).end('{"error":"Invalid credentials"}')
  const file = hub.files.find((each) => path.endsWith(`/${each.path}`))
  if (path.includes('/resolve/')) {
    if (file === undefined) return void response.writeHead(404).end()
    return sendFile(file, request, response)
  }
  if (hub.apiAnswer !== null) {
    const { status, headers = {}, body = '{}' } = hub.apiAnswer
    return void response.writeHead(status, headers).end(body)
  }
  const json = describe(hub, path)
  if (json === null) return void response.writeHead(404).end('{"error":"Repository not found"}')
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json))
}

function describe(hub: ScriptedHub, path: string): object | null {
  const told = hub.files.map((file) => ({
    path: file.path,
    size: file.toldBytes ?? file.content.length,
    sha256: file.toldSha256 === undefined ? sha256Of(file.content) : file.toldSha256,
  }))
  switch (path) {
    case '/api/models/acme/lion-GGUF':
      return {
        id: 'acme/lion-GGUF',
        author: 'acme',
        sha: 'a'.repeat(40),
        gated: hub.isGated ? 'auto' : false,
        cardData: hub.licence === null ? {} : { license: hub.licence },
        siblings: told.map(({ path: rfilename, size, sha256 }) => ({
          rfilename,
          size,
          ...(sha256 === null ? {} : { lfs: { sha256, size, pointerSize: 135 } }),
        })),
      }
    case '/api/v1/models/acme/lion-GGUF':
      return { Code: 200, Data: { Path: 'acme', Name: 'lion-GGUF', License: hub.licence } }
    case '/api/v1/models/acme/lion-GGUF/repo/files':
      return {
        Code: 200,
        Data: {
          Files: [
            { Path: 'folder', Type: 'tree', Size: 0, Sha256: '' },
            ...told.map(({ path: Path, size: Size, sha256 }) => ({
              Path,
              Size,
              Sha256: sha256 ?? '',
              Type: 'blob',
            })),
          ],
        },
      }
    default:
      return null
  }
}

async function sendFile(
  file: ScriptedFile,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const fault = file.isFaultForever ? file.faults?.[0] : file.faults?.shift()
  const etag = file.etag ?? `"${sha256Of(file.content).slice(0, 16)}"`
  if (fault?.kind === 'status') return void response.writeHead(fault.status, fault.headers).end()
  if (fault?.kind === 'redirect') return void response.writeHead(302, { location: fault.to }).end()
  if (fault?.kind === 'page')
    return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Sign in</p>')
  const from = file.ignoresRange === true ? 0 : rangeOf(request, etag)
  if (from >= file.content.length && from > 0) return void response.writeHead(416).end()
  if (fault?.kind === 'other-part')
    return void response.writeHead(206, { 'content-range': `bytes 7-8/${from}` }).end('ab')
  let content = file.content.subarray(from)
  if (fault?.kind === 'wrong') content = Buffer.alloc(content.length, 7)
  const isLengthless = fault?.kind === 'short' || fault?.kind === 'long'
  const length = fault?.kind === 'length' ? fault.saysBytes : content.length
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    ...(isLengthless ? {} : { 'content-length': length }),
    ...(from > 0
      ? { 'content-range': `bytes ${from}-${file.content.length - 1}/${file.content.length}` }
      : {}),
  })
  await sendBody(response, content, fault)
}

async function sendBody(response: ServerResponse, content: Buffer, fault: Fault | undefined) {
  switch (fault?.kind) {
    case 'cut':
      response.write(content.subarray(0, fault.afterBytes), () =>
        // A moment later, so that all that was sent is taken before.
        setTimeout(() => response.destroy(), 100),
      )
      return
    case 'stall':
      response.write(content.subarray(0, fault.afterBytes))
      return
    case 'short':
      response.end(content.subarray(0, content.length - fault.missingBytes))
      return
    case 'long':
      response.end(Buffer.concat([content, Buffer.alloc(fault.moreBytes)]))
      return
    case 'length':
      response.write(content.subarray(0, fault.saysBytes))
      setTimeout(() => response.destroy(), 50)
      return
    case 'drip':
      for (let at = 0; at < content.length && !response.destroyed; at += fault.bytes) {
        response.write(content.subarray(at, at + fault.bytes))
        await new Promise((resolve) => setTimeout(resolve, fault.gapMs))
      }
      response.end()
      return
    default:
      response.end(content)
  }
}

/** Where the asked range begins; 0 where the whole is asked for, or another file than this. */
function rangeOf(request: IncomingMessage, etag: string): number {
  const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
  const wanted = request.headers['if-range']
  return from === undefined || (wanted !== undefined && wanted !== etag) ? 0 : Number(from)
}
