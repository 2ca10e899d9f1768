import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Market, startMarket } from '../../tests/support/market.ts'
import type { Peer } from './peer.ts'

const MODEL = 'bench-model'
/** Taken of at every request, and never reached. */
const LIMITS = {
  requests_per_minute: 10_000_000,
  tokens_per_minute: 1_000_000_000,
  concurrent_requests: 10_000,
}

export interface BaimoPeer extends Peer {
  readonly market: Market
  readonly pid: number
  /** The process at the head of its database; null: it has none of its own. */
  readonly databasePid: number | null
}

/**
 * A market as `npm start` runs it, on a home on the disk, asked with a key of its own. `checkout`
 * names the folder of another, built one to measure beside this one.
 */
export async function openBaimo(upstreamPort: number, checkout?: string): Promise<BaimoPeer> {
  const home = mkdtempSync(join(tmpdir(), 'baimo-bench-'))
  const program = checkout === undefined ? {} : { program: join(checkout, 'build', 'cli.js') }
  // An inspector that is asked for later takes any free port, so that two markets can have one.
  const env = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' }
  const market = await startMarket({ home, env, ...program })
  const key = await setUp(market, upstreamPort)
  const pidPath = join(home, 'pg', 'postmaster.pid')
  return {
    name: checkout === undefined ? 'Baimo' : `Baimo at ${checkout}`,
    port: Number(new URL(market.url).port),
    headers: { authorization: `Bearer ${key}` },
    market,
    pid: market.process.pid ?? 0,
    databasePid: existsSync(pidPath) ? Number.parseInt(readFileSync(pidPath, 'utf8'), 10) : null,
    canStream: true,
    async stop() {
      await market.stop()
      rmSync(home, { recursive: true, force: true, maxRetries: 20 })
    },
  }
}

/** Adds the upstream, and makes the key that the load is sent with. */
async function setUp(market: Market, upstreamPort: number): Promise<string> {
  const send = (method: string, path: string, body: object): Promise<Response> => {
    const headers = {
      authorization: `Bearer ${market.ownerKey}`,
      'content-type': 'application/json',
    }
    return fetch(market.url + path, { method, headers, body: JSON.stringify(body) })
  }
  const url = `http://127.0.0.1:${upstreamPort}/v1`
  await bodyOf(await send('POST', '/api/providers', { url, name: 'bench', models: [MODEL] }))
  const { id, key } = await bodyOf(await send('POST', '/api/keys', { name: 'bench' }))
  const limited = await send('PUT', `/api/limits/key/${id}`, LIMITS)
  // A checkout from before there were limits may stand beside.
  if (limited.status !== 404) await bodyOf(limited)
  return String(key)
}

async function bodyOf(answer: Response): Promise<Record<string, unknown>> {
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as Record<string, unknown>
}
