import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { defineErrors, refusalsOf } from '../../src/kernel/index.ts'
import type { Download, DownloadRequest } from '../../src/providers/index.ts'

const failures = defineErrors({
  providers_redirected: { kind: 'upstream', title: 'redirected', isRetryable: false },
  providers_unreachable: { kind: 'upstream', title: 'unreachable', isRetryable: true },
  providers_connection_lost: { kind: 'upstream', title: 'lost', isRetryable: true },
})
const refuse = refusalsOf(failures)

/** A download with nothing but the contract: what the parts of hubs are tested with. */
export const plainDownload: Download = async (url, wish) => {
  let at = url
  for (;;) {
    const incoming = await get(at, wish, new URL(at).origin === new URL(url).origin)
    const location = incoming.headers.location
    if (location === undefined)
      return {
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        url: at,
        body: guarded(incoming, wish),
      }
    incoming.resume()
    const next = new URL(location, at)
    if (next.host !== new URL(at).host && !wish.mayRedirectTo(next.hostname))
      throw refuse('providers_redirected', 'elsewhere')
    at = next.href
  }
}

function get(url: string, wish: DownloadRequest, isOwn: boolean): Promise<IncomingMessage> {
  const { authorization, cookie, ...rest } = wish.headers ?? {}
  const headers = isOwn ? wish.headers : rest
  return new Promise((resolve, reject) => {
    const call = request(url, { headers, agent: false, signal: wish.signal }, resolve)
    call.on('error', (cause) => reject(refuse('providers_unreachable', 'gone', { cause })))
    call.end()
  })
}

function guarded(incoming: IncomingMessage, wish: DownloadRequest): Readable {
  incoming.socket.setTimeout(wish.idleTimeoutMs, () => incoming.destroy())
  wish.signal?.addEventListener('abort', () => incoming.destroy())
  return Readable.from(pieces(incoming), { objectMode: false })
}

async function* pieces(incoming: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of incoming) yield chunk
  } catch (cause) {
    throw refuse('providers_connection_lost', 'cut or silent', { cause })
  } finally {
    incoming.destroy()
  }
}
