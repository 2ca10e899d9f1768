import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './support/build.ts'
import { type Market, startMarket } from './support/market.ts'
import { maySkip } from './support/may-skip.ts'
import { hasNginx, type Nginx, openNginx } from './support/nginx.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

const page = readFileSync(join(root, 'docs', 'operating', 'service.md'), 'utf8')

function blockOf(language: string): string {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1]
  if (block === undefined) throw new Error(`the page has no block of ${language}`)
  return block
}

const PUBLIC_HOST = 'market.example.org'

describe.skipIf(maySkip(!hasNginx))('the nginx of the page', () => {
  let market: Market
  let upstream: ScriptedUpstream
  let proxy: Nginx

  beforeAll(async () => {
    upstream = await openScriptedUpstream({ modelList: ['acme/slow-drip', 'acme/normal'] })
    market = await startMarket({ env: { BAIMO_PUBLIC_URL: `https://${PUBLIC_HOST}` } })
    const blocks = blockOf('nginx')
      .replace('127.0.0.1:7777', new URL(market.url).host)
      .replace('listen 443 ssl;', 'listen PORT;')
      .replaceAll(/^ *ssl_certificate.*\n/gm, '')
    proxy = await openNginx(blocks)
    const added = await ask('POST', '/api/providers', {
      kind: 'generic',
      url: upstream.baseUrl,
      models: ['acme/slow-drip', 'acme/normal'],
    })
    expect(added.status).toBe(201)
  }, 60_000)
  afterAll(async () => {
    await proxy?.close()
    await market?.stop()
    await upstream?.close()
  }, 60_000)

  interface Heard {
    readonly status: number
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    readonly text: string
    /** When each piece came, in milliseconds from the first. */
    readonly piecesMs: readonly number[]
  }

  /** As a client far away asks: by the public name. */
  function ask(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Heard> {
    const { promise, resolve, reject } = Promise.withResolvers<Heard>()
    const asking = request(`${proxy.url}${path}`, {
      method,
      headers: {
        host: PUBLIC_HOST,
        authorization: `Bearer ${market.ownerKey}`,
        'content-type': 'application/json',
        ...headers,
      },
    })
    asking.on('error', reject).on('response', (answer) => {
      let text = ''
      const times: number[] = []
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        times.push(performance.now())
      })
      answer.on('end', () => {
        const piecesMs = times.map((time) => time - (times[0] ?? 0))
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, piecesMs })
      })
    })
    asking.end(body === undefined ? undefined : JSON.stringify(body))
    return promise
  }

  const messages = [{ role: 'user', content: 'Hello' }]

  test('lets streams through as they come', async () => {
    const body = { model: 'acme/slow-drip', stream: true, messages }
    const { status, text, piecesMs } = await ask('POST', '/v1/chat/completions', body)
    expect(status).toBe(200)
    expect(text).toContain('data: [DONE]')
    expect(piecesMs.length).toBeGreaterThan(5)
    expect(piecesMs.at(-1)).toBeGreaterThan(100)
  })

  test('answers the public name and its links name it, no other name', async () => {
    expect((await ask('GET', '/healthz')).status).toBe(200)
    const link = await ask('POST', '/api/links', {})
    expect(JSON.parse(link.text).url).toMatch(new RegExp(`^https://${PUBLIC_HOST}/link/`))
    const path = new URL(JSON.parse(link.text).url).pathname
    const entered = await ask('GET', path)
    expect(String(entered.headers['set-cookie'])).toContain('Secure')
    const stranger = await ask('GET', '/api/status', undefined, { host: 'evil.example' })
    expect(stranger.status).toBe(403)
    expect(stranger.text).toContain('http_host_unknown')
  })

  test('and addresses that clients or proxies forward change nothing and go no further', async () => {
    const forwarded = {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-real-ip': '203.0.113.7',
      forwarded: 'for=203.0.113.7;host=evil.example',
    }
    const link = await ask('POST', '/api/links', {}, forwarded)
    expect(JSON.parse(link.text).url).toMatch(new RegExp(`^https://${PUBLIC_HOST}/`))
    const unknown = await ask('GET', '/api/status', undefined, {
      host: 'evil.example',
      'x-forwarded-host': PUBLIC_HOST,
    })
    expect(unknown.status).toBe(403)
    const body = { model: 'acme/normal', messages }
    const answer = await ask('POST', '/v1/chat/completions', body, forwarded)
    expect(answer.status).toBe(200)
    const sent = upstream.calls().at(-1)?.headers ?? {}
    for (const name of Object.keys(forwarded)) expect(sent).not.toHaveProperty(name)
    expect(JSON.stringify(sent)).not.toContain('203.0.113.7')
    expect(market.output()).not.toContain('203.0.113.7')
  })
})

describe('the unit of the page', () => {
  const unit = blockOf('ini')
  const settingOf = (name: string) => new RegExp(`${name}=(\\S+)$`, 'm').exec(unit)?.[1]

  test('gives a stop the time that it may take', () => {
    const needed =
      Number(settingOf('BAIMO_DRAIN_SECONDS')) + Number(settingOf('BAIMO_STOP_SECONDS'))
    expect(Number(settingOf('TimeoutStopSec'))).toBeGreaterThan(needed + 15)
    expect(settingOf('KillMode')).toBe('mixed')
  })

  test.skipIf(!existsSync('/usr/bin/systemd-analyze'))('is one that systemd takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'baimo-unit-'))
    const path = join(folder, 'baimo-of-the-page.service')
    writeFileSync(path, unit)
    try {
      execFileSync('systemd-analyze', ['verify', '--man=no', path], { stdio: 'pipe' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
