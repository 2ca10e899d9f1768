import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBlackHole } from '../../tests/upstream/black-hole.ts'
import { type Downloader, openDownloader } from './download.ts'
import type { DownloadRequest } from './types.ts'

type Answers = Readonly<Record<string, RequestListener>>

let downloader: Downloader
let asked: IncomingMessage[]
const closers: (() => Promise<void>)[] = []

/** Every name leads to this machine, but one that leads inside besides. */
const lookup: LookupFunction = (hostname, _options, done) => {
  const addresses = [{ address: '127.0.0.1', family: 4 }]
  if (hostname.startsWith('inside')) addresses.push({ address: '169.254.169.254', family: 4 })
  done(null, addresses)
}

beforeEach(() => {
  asked = []
  downloader = openDownloader({ connectTimeoutMs: 300, lookup })
  closers.push(downloader.close)
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(answers: Answers): Promise<number> {
  const server = createServer((request, response) => {
    asked.push(request)
    const answer = answers[request.url ?? '']
    if (answer === undefined) response.writeHead(404).end('nothing')
    else answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

function get(url: string, wish: Partial<DownloadRequest> = {}) {
  return downloader.download(url, {
    policyOf: () => 'private-allowed',
    mayRedirectTo: () => false,
    headersTimeoutMs: 2_000,
    idleTimeoutMs: 2_000,
    ...wish,
  })
}

function to(location: string, status = 302): RequestListener {
  return (_request, response) => void response.writeHead(status, { location }).end('elsewhere')
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const code = (name: string) => expect.objectContaining({ code: name })

describe('a download', () => {
  it('streams what it gets, with the headers that were asked for', async () => {
    const port = await serve({
      '/file': (_request, response) =>
        void response
          .writeHead(206, {
            'content-range': 'bytes 2-4/9',
            etag: '"x"',
            'keep-alive': 'timeout=5',
          })
          .end('cde'),
    })
    const answer = await get(`http://hub.example:${port}/file#part`, {
      headers: { range: 'bytes=2-4', authorization: 'Bearer t' },
    })
    expect(answer).toMatchObject({
      status: 206,
      url: `http://hub.example:${port}/file`,
      headers: { 'content-range': 'bytes 2-4/9', etag: '"x"' },
    })
    expect(answer.headers).not.toHaveProperty('keep-alive')
    expect(await textOf(answer.body)).toBe('cde')
    expect(asked[0]?.headers).toMatchObject({
      range: 'bytes=2-4',
      authorization: 'Bearer t',
      'accept-encoding': 'identity',
    })
  })

  it('passes every status on that is no redirect with an address', async () => {
    const port = await serve({
      '/same': (_request, response) => void response.writeHead(304).end(),
      '/lost': (_request, response) => void response.writeHead(302).end(),
    })
    for (const [path, status] of [
      ['/nothing', 404],
      ['/same', 304],
      ['/lost', 302],
    ] as const) {
      const answer = await get(`http://hub.example:${port}${path}`)
      expect(answer.status).toBe(status)
      answer.body.destroy()
    }
  })

  it('reads no faster than its reader', async () => {
    let sent = 0
    const port = await serve({
      '/large': (_request, response) => {
        response.writeHead(200)
        const more = (): void => {
          while (sent < 64 * 1024 * 1024) {
            sent += 1024 * 1024
            if (!response.write(Buffer.alloc(1024 * 1024))) return
          }
          response.end()
        }
        response.on('drain', more)
        more()
      },
    })
    const { body } = await get(`http://hub.example:${port}/large`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(sent).toBeLessThan(24 * 1024 * 1024)
    let size = 0
    for await (const chunk of body) size += (chunk as Buffer).length
    expect(size).toBe(64 * 1024 * 1024)
  })

  it('closes its connection when its reader leaves', async () => {
    const port = await serve({ '/drip': drip })
    const { body } = await get(`http://hub.example:${port}/drip`)
    for await (const chunk of body) {
      expect((chunk as Buffer).toString()).toBe('drop')
      break
    }
    await expect.poll(() => asked[0]?.socket.destroyed).toBe(true)
  })
})

function drip(_request: unknown, response: { write(text: string): void }): void {
  response.write('drop')
}

describe('a redirect', () => {
  it('is followed to a host that may be, without the credentials, and with the range', async () => {
    const other = await serve({ '/bytes': (_request, response) => void response.end('bytes') })
    const port = await serve({
      '/a': to('/b', 307),
      '/b': to(`http://cdn.example:${other}/bytes?signature=s`),
    })
    const url = `http://cdn.example:${other}/bytes?signature=s`
    await serve({})
    const answer = await get(`http://hub.example:${port}/a`, {
      headers: { authorization: 'Bearer t', cookie: 'a=b', 'x-token': 't', range: 'bytes=0-' },
      mayRedirectTo: (host) => host === 'cdn.example',
    })
    expect(answer.url).toBe(url)
    answer.body.destroy()
    expect(asked.map(({ headers }) => [headers.authorization, headers.range])).toEqual([
      ['Bearer t', 'bytes=0-'],
      ['Bearer t', 'bytes=0-'],
      [undefined, 'bytes=0-'],
    ])
    expect(asked[2]?.headers).not.toHaveProperty('cookie')
    expect(asked[2]?.headers).not.toHaveProperty('x-token')
  })

  it('back to the first host does not bring its credentials back', async () => {
    const port = await serve({
      '/a': (request, response) => to(`http://cdn.example:${portOf(request)}/b`)(request, response),
      '/b': (request, response) => to(`http://hub.example:${portOf(request)}/c`)(request, response),
      '/c': (_request, response) => void response.end('c'),
    })
    const answer = await get(`http://hub.example:${port}/a`, {
      headers: { authorization: 'Bearer t' },
      mayRedirectTo: () => true,
    })
    expect(await textOf(answer.body)).toBe('c')
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer t',
      undefined,
      undefined,
    ])
  })

  it.each([
    ['to a host that may not be', 'http://evil.example/', 'providers_redirected'],
    ['to what is no address', 'http://[', 'providers_redirected'],
    ['to a file of the machine', 'file:///etc/passwd', 'providers_url_invalid'],
    ['with a password', 'http://a:b@hub.example/', 'providers_url_invalid'],
    ['to metadata', 'http://169.254.169.254/latest', 'providers_address_forbidden'],
    ['to metadata as a number', 'http://2852039166/', 'providers_address_forbidden'],
    ['to metadata in IPv6', 'http://[::ffff:a9fe:a9fe]/', 'providers_address_forbidden'],
  ])('%s is refused', async (_, location, refused) => {
    const port = await serve({ '/a': to(location) })
    await expect(get(`http://hub.example:${port}/a`)).rejects.toEqual(code(refused))
    expect(asked).toHaveLength(1)
  })

  it('to a name that leads inside is refused, although the host may be', async () => {
    const port = await serve({
      '/a': (request, response) =>
        to(`http://inside.example:${portOf(request)}/`)(request, response),
    })
    await expect(
      get(`http://hub.example:${port}/a`, { mayRedirectTo: () => true }),
    ).rejects.toEqual(code('providers_address_forbidden'))
    expect(asked).toHaveLength(1)
  })

  it('that follows five others is refused', async () => {
    const port = await serve({ '/a': to('/a') })
    await expect(get(`http://hub.example:${port}/a`)).rejects.toEqual(code('providers_redirected'))
    expect(asked).toHaveLength(6)
  })
})

function portOf({ headers }: IncomingMessage): string {
  return headers.host?.split(':')[1] ?? ''
}

describe('a URL that anybody gave', () => {
  it.each([
    'http://127.0.0.1/',
    'http://localhost/',
    'http://10.0.0.1/',
    'http://2130706433/',
    'http://0177.1/',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::a00:1]/',
    'http://hub.example/',
  ])('reaches nothing inside: %s', async (url) => {
    await expect(get(url, { policyOf: () => 'public-only' })).rejects.toEqual(
      code('providers_address_forbidden'),
    )
  })

  it.each(['ftp://hub.example/', 'hub.example', 'http://a:b@hub.example/', ''])(
    'is refused when it cannot be used: %j',
    async (url) => {
      await expect(get(url)).rejects.toEqual(code('providers_url_invalid'))
    },
  )
})

it('asks for each hop anew whether it may be inside', async () => {
  const port = await serve({})
  const first = await serve({ '/': to(`http://hub.example:${port}/file`) })
  const wish = { mayRedirectTo: () => true }
  const url = `http://127.0.0.1:${first}/`
  const policyOf = (host: string) => (host === '127.0.0.1' ? 'private-allowed' : 'public-only')
  await expect(get(url, { ...wish, policyOf })).rejects.toEqual(code('providers_address_forbidden'))
  expect(asked).toHaveLength(1)
  expect((await get(url, wish)).status).toBe(404)
})

describe('a server that fails', () => {
  it('with a connection that breaks, ends the body with a code', async () => {
    const port = await serve({
      '/cut': (request, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('part', () => request.socket.resetAndDestroy())
      },
    })
    const { body } = await get(`http://hub.example:${port}/cut`)
    await expect(textOf(body)).rejects.toEqual(code('providers_connection_lost'))
  })

  it('by silence, is given up before its headers and within its body', async () => {
    const port = await serve({ '/drip': drip, '/silent': () => {} })
    await expect(
      get(`http://hub.example:${port}/silent`, { headersTimeoutMs: 100 }),
    ).rejects.toEqual(code('providers_timeout'))
    const { body } = await get(`http://hub.example:${port}/drip`, { idleTimeoutMs: 100 })
    await expect(textOf(body)).rejects.toEqual(code('providers_timeout'))
  })

  it('to take a connection, is said to', async () => {
    const hole = await openBlackHole()
    const url = `https://hub.example:${hole.port}/`
    await expect(get(url)).rejects.toEqual(code('providers_timeout'))
    await hole.close()
    await expect(get(url)).rejects.toEqual(code('providers_unreachable'))
  })
})

it('ends when its caller gives up: before the headers, and within the body', async () => {
  const port = await serve({ '/drip': drip, '/silent': () => {} })
  for (const path of ['/silent', '/drip']) {
    const controller = new AbortController()
    const running = get(`http://hub.example:${port}${path}`, { signal: controller.signal })
    const done = running.then(({ body }) => textOf(body))
    const refused = expect(done).rejects.toEqual(code('providers_aborted'))
    await expect.poll(() => asked.length).toBe(1)
    setTimeout(() => controller.abort(), 50)
    await refused
    const { socket } = asked.splice(0)[0] ?? {}
    await expect.poll(() => socket?.destroyed).toBe(true)
  }
})
