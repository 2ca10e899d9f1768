import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { expect } from 'vitest'
import type { Market } from '../../support/market.ts'
import type { ScriptedUpstream } from '../../upstream/scripted-upstream.ts'

export interface LoadOptions {
  /** The market to ask now: another one after a restart. */
  readonly market: () => Market
  readonly clients: number
  /** Asked in turn, each whole and as a stream. */
  readonly models: readonly string[]
}

/** What came of one request. */
export interface Asked {
  /** Ours, from the answer's headers; null: the answer never began. */
  readonly id: string | null
  readonly model: string
  readonly isStream: boolean
  /** Null: the answer never began. */
  readonly status: number | null
  /** Whether it arrived to its last byte. */
  readonly isWhole: boolean
  /** The body of what is no good answer. */
  readonly text: string
  readonly retryAfter: string | null
  readonly endedMs: number
}

export interface Load {
  readonly asked: readonly Asked[]
  /** Good answers that arrived whole. */
  good(): readonly Asked[]
  /** Those that ended since a time of `performance.now`. */
  since(startMs: number): readonly Asked[]
  /** Asks nothing more and waits for what is under way. */
  stop(): Promise<void>
}

/** Keeps clients asking until it is stopped. A lost connection is a moment's pause to them. */
export function openLoad(options: LoadOptions): Load {
  const asked: Asked[] = []
  let isStopped = false
  const work = async (first: number): Promise<void> => {
    for (let turn = first; !isStopped; turn += 1) {
      const model = options.models[turn % options.models.length] ?? ''
      const isStream = Math.floor(turn / options.models.length) % 2 === 1
      const one = await askOnce(options.market(), { model, isStream })
      asked.push(one)
      if (one.status !== 200) await pause(20)
    }
  }
  const clients = Array.from({ length: options.clients }, (_, first) => work(first))
  return {
    asked,
    good: () => asked.filter(({ status, isWhole }) => status === 200 && isWhole),
    since: (startMs) => asked.filter(({ endedMs }) => endedMs >= startMs),
    async stop() {
      isStopped = true
      await Promise.all(clients)
    },
  }
}

const pools = new Map<string, Pool>()

function poolOf(url: string): Pool {
  const known = pools.get(url) ?? new Pool(url, { connections: 256 })
  pools.set(url, known)
  return known
}

/** Closes the connections of every load of this test file. */
export async function closePools(): Promise<void> {
  const open = [...pools.values()]
  pools.clear()
  await Promise.all(open.map((pool) => pool.destroy()))
}

/** One request. Never throws: what went wrong is in the answer. */
export async function askOnce(
  market: Market,
  { model, isStream }: { readonly model: string; readonly isStream: boolean },
): Promise<Asked> {
  let seen: Pick<Asked, 'id' | 'status' | 'retryAfter'> = {
    id: null,
    status: null,
    retryAfter: null,
  }
  let text = ''
  let isWhole = false
  try {
    const answer = await poolOf(market.url).request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
      headersTimeout: 60_000,
      body: JSON.stringify({
        model,
        stream: isStream,
        max_tokens: 12,
        messages: [{ role: 'user', content: '1+1=' }],
      }),
    })
    const { 'x-request-id': id, 'retry-after': retryAfter } = answer.headers
    seen = {
      id: String(id),
      status: answer.statusCode,
      retryAfter: retryAfter === undefined ? null : String(retryAfter),
    }
    text = await answer.body.text()
    isWhole = !isStream || answer.statusCode !== 200 || text.trimEnd().endsWith('data: [DONE]')
  } catch {
    // The connection broke, as it does when the process at its other end is killed.
  }
  const isGood = seen.status === 200 && isWhole
  return {
    ...seen,
    model,
    isStream,
    isWhole,
    text: isGood ? '' : text,
    endedMs: performance.now(),
  }
}

export interface Recorded {
  readonly id: string
  readonly outcome: string
  readonly upstream_id: string | null
  readonly tokens: { readonly total: number }
}

export async function readUsage(market: Market): Promise<Recorded[]> {
  const all: Recorded[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const answer = await fetch(`${market.url}/api/usage?limit=1000${query}`, {
      headers: { authorization: `Bearer ${market.ownerKey}` },
    })
    expect(answer.status).toBe(200)
    const page = (await answer.json()) as { data: Recorded[]; next_cursor: string | null }
    all.push(...page.data)
    cursor = page.next_cursor
  } while (cursor !== null)
  return all
}

/**
 * Holds the records against what the clients saw: every answer that arrived whole has exactly one,
 * none is doubled, and none stands for what nobody asked.
 */
export function expectExactBooks(
  recorded: readonly Recorded[],
  asked: readonly Asked[],
  upstream?: ScriptedUpstream,
): void {
  const byId = new Map(recorded.map((record) => [record.id, record]))
  expect(byId.size, 'records with one id').toBe(recorded.length)
  const good = asked.filter(({ status, isWhole }) => status === 200 && isWhole)
  const lost = good.filter(({ id }) => byId.get(id ?? '')?.outcome !== 'answered')
  expect(lost, 'answers without their record').toEqual([])
  const seen = new Set(asked.map(({ id }) => id))
  // A request whose answer never began may have a record, under an id that nobody was told.
  const untold = asked.filter(({ id }) => id === null).length
  const strangers = recorded.filter(({ id }) => !seen.has(id))
  expect(strangers.length, 'records of what nobody asked').toBeLessThanOrEqual(untold)
  const answered = recorded.filter(({ outcome }) => outcome === 'answered')
  expect(answered.filter(({ tokens }) => tokens.total === 0)).toEqual([])
  const upstreamIds = answered.flatMap(({ upstream_id: id }) => (id === null ? [] : [id]))
  expect(new Set(upstreamIds).size, 'answers recorded twice').toBe(upstreamIds.length)
  if (upstream === undefined) return
  expect(recorded.length).toBeLessThanOrEqual(upstream.calls().length)
}
