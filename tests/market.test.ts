import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket, startRefusedMarket } from './support/market.ts'
import { isAlive, readPostmaster } from './support/postgres.ts'
import { openScriptedUpstream } from './upstream/scripted-upstream.ts'

let home: string
const open: Market[] = []

beforeEach(() => {
  home = makeQuickFolder('baimo-market-')
})
afterEach(async () => {
  for (const market of open.splice(0)) await market.stop()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
})

async function start(options: Parameters<typeof startMarket>[0] = {}): Promise<Market> {
  const market = await startMarket({ home, ...options })
  open.push(market)
  return market
}

function call(market: Market, path: string, body?: object): Promise<Response> {
  return fetch(market.url + path, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
  })
}

/** What a refused start says: one line for people, besides what it says of its progress. */
function complaint(output: string): string[] {
  return output
    .split('\n')
    .filter(
      (line) =>
        line !== '' && !line.startsWith('{') && !/(making|migrating) the database/.test(line),
    )
}

test('a taken port is one clear line and a failure, and the home opens afterwards', async () => {
  const taker = createServer().listen(0, '127.0.0.1')
  await once(taker, 'listening')
  const { port } = taker.address() as AddressInfo
  const refused = await startRefusedMarket({ home, env: { PORT: String(port) } })
  taker.close()
  expect(refused.code).toBe(1)
  expect(complaint(refused.output)).toHaveLength(1)
  expect(refused.output).toContain(String(port))
  const market = await start()
  expect((await call(market, '/v1/models')).status).toBe(200)
})

test('a second start on a home in use is refused and leaves the first alone', async () => {
  const market = await start()
  const refused = await startRefused()
  expect(refused.code).toBe(1)
  expect(complaint(refused.output)).toHaveLength(1)
  expect(refused.output).toContain(String(market.process.pid))
  expect((await call(market, '/v1/models')).status).toBe(200)
  expect(existsSync(join(home, 'market.json'))).toBe(true)
})

/** Like startRefusedMarket, which also ends the home's database: here it is somebody else's. */
async function startRefused() {
  try {
    const opened = await startMarket({ home })
    open.push(opened)
    return { code: null, output: 'it opened' }
  } catch (error) {
    const [first, ...rest] = String(error).split('\n')
    return { code: Number(/ended with (\d+)/.exec(first ?? '')?.[1]), output: rest.join('\n') }
  }
}

test('a home that cannot be made is one clear line and a failure', async () => {
  const refused = await startRefusedMarket({ home: '/dev/null/home' })
  expect(refused.code).toBe(1)
  expect(complaint(refused.output)).toHaveLength(1)
  expect(refused.output).toContain('/dev/null/home')
})

test('a database that a newer Baimo migrated is left as it is', async () => {
  const market = await start()
  const client = new pg.Client({ host: join(home, 'run', 'pg'), user: 'baimo', database: 'baimo' })
  await client.connect()
  await client.query(`insert into migrations (name, checksum) values ('9999-future', 'x')`)
  await client.end()
  await market.end('SIGTERM')
  const refused = await startRefusedMarket({ home })
  expect(refused.code).toBe(1)
  expect(complaint(refused.output)).toHaveLength(1)
  expect(refused.output).toMatch(/newer/)
})

test('a setting that cannot be used is named', async () => {
  const refused = await startRefusedMarket({ home, env: { PORT: 'seventy' } })
  expect(refused.code).toBe(2)
  expect(complaint(refused.output)).toEqual([expect.stringContaining('PORT')])
})

test('SIGTERM lets a running stream finish, takes nothing new, and leaves no child', async () => {
  const model = 'acme/normal?pieces=20&gap_ms=50'
  const upstream = await openScriptedUpstream({ modelList: { data: [{ id: model }] } })
  const market = await start()
  const provider = { url: upstream.baseUrl, name: 'slow', models: [model] }
  const added = (await (await call(market, '/api/providers', provider)).json()) as {
    listings: { id: string }[]
  }
  const answer = await call(market, '/v1/chat/completions', {
    model: added.listings[0]?.id,
    stream: true,
    messages: [{ role: 'user', content: 'Take your time.' }],
  })
  const databasePid = readPostmaster(join(home, 'pg'))?.pid ?? 0
  const ended = market.end('SIGTERM')
  const { hostname, port } = new URL(market.url)
  const late = connect(Number(port), hostname)
  const [lateError] = await Promise.race([
    once(late, 'error'),
    once(late, 'connect').then(() => once(late, 'close')),
  ])
  late.destroy()
  expect(lateError instanceof Error || lateError === false).toBe(true)
  const text = await answer.text()
  expect(text.trimEnd()).toMatch(/data: \[DONE\]$/)
  expect(await ended).toBe(0)
  expect(isAlive(databasePid)).toBe(false)
  expect(existsSync(join(home, 'market.json'))).toBe(false)
  await upstream.close()
})

test('after SIGKILL the next start takes over, and everything is still there', async () => {
  const first = await start()
  const asked = await call(first, '/v1/chat/completions', {
    model: 'abacus-small',
    messages: [{ role: 'user', content: '1 + 1' }],
  })
  await asked.text()
  await first.kill9()
  const second = await start()
  expect(second.ownerKey).toBe(first.ownerKey)
  const usage = await call(second, `/api/usage/${asked.headers.get('x-request-id')}`)
  expect(usage.status).toBe(200)
})

/** A stream whose shape takes hundreds of tokens to fill. */
const longAnswer = {
  model: 'abacus-small',
  stream: true,
  messages: [{ role: 'user', content: 'Count.' }],
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'long',
      schema: { type: 'array', items: { enum: [1, 2] }, minItems: 200, maxItems: 200 },
    },
  },
}

test('the engine may die: its answers break, it comes back, and nothing else notices', async () => {
  const upstream = await openScriptedUpstream()
  const market = await start()
  await call(market, '/api/providers', {
    url: upstream.baseUrl,
    name: 'u',
    models: ['acme/normal'],
  })
  const ask = async (model: string) => {
    const messages = [{ role: 'user', content: '1 + 1' }]
    const answer = await call(market, '/v1/chat/completions', { model, messages })
    expect(answer.status, await answer.text()).toBe(200)
  }
  await ask('abacus-small')
  const children = await engineChildren(market)
  expect(children).toHaveLength(1)
  const running = await call(market, '/v1/chat/completions', longAnswer)
  for (const pid of children) process.kill(pid, 'SIGKILL')
  const broken = await running.text()
  expect(broken).toMatch(/data: \{"error":/)
  expect(broken).not.toContain('[DONE]')
  await ask('acme/normal')
  // The request that comes while it restarts waits for it.
  await ask('abacus-small')
  expect((await engineChildren(market))[0]).not.toBe(children[0])
  await upstream.close()
})

/** Process ids of the market's engine. */
async function engineChildren(market: Market): Promise<number[]> {
  const { execFileSync } = await import('node:child_process')
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => Number(match?.[2]) === market.process.pid)
    .filter((match) => match?.[3]?.includes('engine-child') === true)
    .map((match) => Number(match?.[1]))
}

test('200 clients at once are all answered by a house model, each counted once', async () => {
  const market = await start()
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const answer = await call(market, '/v1/chat/completions', {
        model: 'abacus-small',
        stream: i % 2 === 0,
        messages: [{ role: 'user', content: `${i} + 1` }],
      })
      await answer.text()
      return { status: answer.status, retryAfter: answer.headers.get('retry-after') }
    }),
  )
  const good = answers.filter(({ status }) => status === 200).length
  // Who finds the queue full is told when to come back, and nothing else goes wrong.
  const busy = answers.filter(({ status, retryAfter }) => status === 429 && retryAfter !== null)
  expect(good + busy.length).toBe(200)
  expect(good).toBeGreaterThan(60)
  const usage = (await (await call(market, '/api/usage?limit=1000')).json()) as {
    data: { outcome: string }[]
  }
  expect(usage.data).toHaveLength(200)
  expect(usage.data.filter(({ outcome }) => outcome === 'answered')).toHaveLength(good)
})

test('health needs no key, and everything else does, from localhost too', async () => {
  const market = await start()
  for (const path of ['/healthz', '/readyz']) {
    expect((await fetch(market.url + path)).status).toBe(200)
  }
  for (const path of ['/v1/models', '/api/status', '/api/usage', '/metrics', '/api/openapi.json']) {
    expect((await fetch(market.url + path)).status, path).toBe(401)
  }
  const metrics = await (await call(market, '/metrics')).text()
  for (const name of ['baimo_requests_total', 'baimo_tokens_total', 'baimo_engine_queue']) {
    expect(metrics).toContain(name)
  }
  const page = await (await fetch(market.url)).text()
  expect(page).toContain('baimo link')
  expect(page).not.toContain('abacus')
})

test('the owner link opens the status page once', async () => {
  const market = await start()
  const link = /Owner link[^:]*: (http\S+)/.exec(market.output())?.[1] ?? ''
  const taken = await fetch(link, { redirect: 'manual' })
  expect(taken.status).toBe(303)
  const cookie = taken.headers.get('set-cookie')?.split(';')[0] ?? ''
  const page = await (await fetch(market.url, { headers: { cookie } })).text()
  expect(page).toContain('abacus-small')
  const again = await fetch(link, { redirect: 'manual' })
  expect(again.headers.get('set-cookie')).toBeNull()
  expect(again.status).toBeGreaterThanOrEqual(400)
})
