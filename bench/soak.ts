// Whether memory and handles of a market stay flat: a mix of everything that clients and providers
// do, by several connections, and what the Node process holds at ten points on the way.
//   npm run -s bench -- soak [--requests 100000] [--json]
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { type Market, startMarket } from '../tests/support/market.ts'
import { openScriptedUpstream } from '../tests/upstream/scripted-upstream.ts'
import { memoryMb } from './support/process-facts.ts'
import { printReport, type Row } from './support/report.ts'

const CONNECTIONS = 64
const POINTS = 10
/** What is measured before this point is a process that still grows into its work. */
const WARM_POINT = 2
const LONGEST_MS = 60_000

const LONG = 'acme/normal?pieces=50&gap_ms=2'
const FAULTS = ['reset-mid-answer', 'refuse-500', 'error-mid-answer', 'html-502', 'reset-before']
const MODELS = ['acme/normal', LONG, ...FAULTS.map((mode) => `acme/${mode}`)]

/** Never reached: what is refused would do nothing else. */
const LIMITS = {
  requests_per_minute: 10_000_000,
  tokens_per_minute: 1_000_000_000,
  concurrent_requests: 10 * CONNECTIONS,
}

type Kind = 'whole' | 'stream' | 'abort' | 'unknown model' | 'wrong key' | 'fault' | 'models'
/** Of twenty requests. */
const MIX: readonly Kind[] = [
  ...Array<Kind>(8).fill('whole'),
  ...Array<Kind>(6).fill('stream'),
  ...(['abort', 'abort', 'unknown model', 'wrong key', 'fault', 'models'] as const),
]

interface Point {
  readonly requests: number
  readonly residentMb: number
  readonly handles: number
}

interface Asking {
  readonly pool: Pool
  readonly key: string
  /** Listings by the provider's name of the model. */
  readonly listings: ReadonlyMap<string, string>
}

function requestOf(asking: Asking, kind: Kind, turn: number) {
  const fault = FAULTS[turn % FAULTS.length] ?? ''
  const names: Partial<Record<Kind, string>> = { abort: LONG, fault: `acme/${fault}` }
  const name = names[kind] ?? 'acme/normal'
  const isStream = kind === 'stream' || kind === 'abort' || (kind === 'fault' && turn % 2 === 0)
  const key = kind === 'wrong key' ? `${asking.key.slice(0, -1)}x` : asking.key
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  if (kind === 'models') return { method: 'GET' as const, path: '/v1/models', headers }
  const body = JSON.stringify({
    model: kind === 'unknown model' ? `acme/no-${turn % 1_000}` : asking.listings.get(name),
    stream: isStream,
    messages: [{ role: 'user', content: `Turn ${turn}.` }],
  })
  return { method: 'POST' as const, path: '/v1/chat/completions', headers, body }
}

/** Whether an answer arrived to its end. */
async function askOnce(asking: Asking, kind: Kind, turn: number): Promise<boolean> {
  const stop = new AbortController()
  const late = setTimeout(() => stop.abort(), LONGEST_MS)
  try {
    const answer = await asking.pool.request({
      ...requestOf(asking, kind, turn),
      signal: stop.signal,
    })
    for await (const _chunk of answer.body) if (kind === 'abort') stop.abort()
    return true
  } catch {
    return false // cut by us, or by the fault that was asked for
  } finally {
    clearTimeout(late)
  }
}

function measure(market: Market, requests: number): Point {
  const pid = market.process.pid ?? 0
  const handles = readdirSync(`/proc/${pid}/fd`).length
  return { requests, residentMb: memoryMb(pid).now, handles }
}

async function send<Answer>(
  market: Market,
  [method, path]: readonly [string, string],
  body: object,
): Promise<Answer> {
  const answer = await fetch(`${market.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as Answer
}

async function addUpstream(market: Market, url: string): Promise<Map<string, string>> {
  const { listings } = await send<{ listings: { id: string; upstream_model: string }[] }>(
    market,
    ['POST', '/api/providers'],
    { url, name: 'scripted', models: MODELS },
  )
  return new Map(listings.map((listing) => [listing.upstream_model, listing.id]))
}

/** A key with limits of every metric, taken of at every request. */
async function makeLimitedKey(market: Market): Promise<string> {
  const { id, key } = await send<{ id: string; key: string }>(market, ['POST', '/api/keys'], {
    name: 'soak',
  })
  await send(market, ['PUT', `/api/limits/key/${id}`], LIMITS)
  return key
}

async function soak(market: Market, total: number): Promise<{ points: Point[]; cut: number }> {
  const data = MODELS.map((id) => ({ id }))
  const upstream = await openScriptedUpstream({ modelList: { data } })
  const listings = await addUpstream(market, upstream.baseUrl)
  const pool = new Pool(market.url, { connections: CONNECTIONS })
  const asking: Asking = { pool, key: await makeLimitedKey(market), listings }
  const points: Point[] = [measure(market, 0)]
  let begun = 0
  let cut = 0
  const work = async (): Promise<void> => {
    while (begun < total) {
      const turn = begun
      begun += 1
      const kind = MIX[turn % MIX.length] ?? 'whole'
      if (!(await askOnce(asking, kind, turn))) cut += 1
      if (begun % 1_000 === 0) upstream.forget()
      if (begun >= (points.length * total) / POINTS) points.push(measure(market, begun))
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  await pool.destroy()
  await upstream.close()
  return { points, cut }
}

/** MB a request, by least squares: one point tells of the last collection, not of growth. */
function slopeOf(points: readonly Point[]): number {
  const mean = (read: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + read(point), 0) / points.length
  const requests = mean((point) => point.requests)
  const residentMb = mean((point) => point.residentMb)
  const spread = mean((point) => (point.requests - requests) ** 2)
  const joint = mean((point) => (point.requests - requests) * (point.residentMb - residentMb))
  return joint / spread
}

function rowsOf(
  { points, cut }: { points: readonly Point[]; cut: number },
  seconds: number,
): Row[] {
  const warm = points[WARM_POINT] ?? points[0]
  const last = points.at(-1)
  if (warm === undefined || last === undefined) return []
  return [
    ...points.map(({ requests, residentMb }) => ({
      what: `resident after ${requests.toLocaleString('en')} requests`,
      value: residentMb,
      unit: 'MB',
      goal: 250,
    })),
    {
      what: `growth for 100,000 requests, since ${warm.requests.toLocaleString('en')}`,
      value: slopeOf(points.slice(WARM_POINT)) * 100_000,
      unit: 'MB',
      goal: 5,
    },
    { what: 'handles at the start', value: points[0]?.handles ?? Number.NaN, unit: 'files' },
    {
      what: 'handles at the end',
      value: last.handles,
      unit: 'files',
      goal: warm.handles + CONNECTIONS,
    },
    { what: 'requests cut, by clients or providers', value: cut, unit: 'requests' },
    { what: 'requests a second', value: last.requests / seconds, unit: '/s' },
  ]
}

const at = process.argv.indexOf('--requests')
const total = at < 0 ? 100_000 : Number(process.argv[at + 1])
if (!(total >= 1_000)) throw new Error('--requests takes a number from 1000')
const home = mkdtempSync(join(tmpdir(), 'baimo-soak-'))
const market = await startMarket({ home, env: { BAIMO_LOG: 'error' } })
try {
  const startMs = performance.now()
  const result = await soak(market, total)
  printReport('soak', rowsOf(result, (performance.now() - startMs) / 1_000))
} finally {
  await market.stop()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
}
