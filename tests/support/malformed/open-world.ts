import { randomUUID } from 'node:crypto'
import { openScriptedUpstream, type ScriptedUpstream } from '../../upstream/scripted-upstream.ts'
import { type Market, startMarket } from '../market.ts'
import type { Sender, World } from './types.ts'

const SCRAPE_TOKEN = 'a-token-that-only-scrapes'

/** A market with senders of every kind, an upstream, and things that may be broken. */
export interface OpenWorld {
  readonly market: Market
  /** The world as it is now: with victims anew, as the last ones may be deleted. */
  refresh(): Promise<World>
  /** Keys and tokens that no error may show. */
  readonly secrets: readonly string[]
  call(method: string, path: string, options?: CallOptions): Promise<CallAnswer>
  close(): Promise<void>
}

interface CallOptions {
  readonly key?: string
  readonly cookie?: string
  readonly body?: unknown
}

interface CallAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, read by tests alone
  readonly json: any
}

export async function openWorld(): Promise<OpenWorld> {
  const good = await openScriptedUpstream({ pieceCount: 2 })
  const other = await openScriptedUpstream({ modelList: listOf(['acme/victim', 'acme/second']) })
  const market = await startMarket({
    env: { BAIMO_SCRAPE_TOKEN: SCRAPE_TOKEN, BAIMO_OFFLINE: '1', BAIMO_LOG: 'error' },
  })
  const call = callerOf(market)
  const models = (await (await fetch(`${good.baseUrl}/models`)).json()) as {
    data: { id: string }[]
  }
  await must(
    call('POST', '/api/providers', {
      body: { url: good.baseUrl, name: 'good', models: models.data.map(({ id }) => id) },
    }),
  )
  const guest = await openGuest(call)
  const { senders, secrets } = await openSenders(market, call, guest)
  return {
    market,
    call,
    secrets: [market.ownerKey, SCRAPE_TOKEN, market.home, ...secrets],
    refresh: async () => {
      const cookie = await cookieOf(
        call,
        (await must(call('POST', '/api/links', { body: {} }))).json,
      )
      return {
        host: '127.0.0.1',
        port: Number(new URL(market.url).port),
        senders: [...senders, ...sessions(market, cookie)],
        strongest: bearer('owner', market.ownerKey),
        victims: await makeVictims(call, other),
        foreignIds: guest.ids,
        upstreamUrl: other.baseUrl,
      }
    },
    close: async () => {
      await market.stop()
      await Promise.all([good.close(), other.close()])
    },
  }
}

type Call = OpenWorld['call']

function callerOf(market: Market): Call {
  return async (method, path, { key = market.ownerKey, cookie, body } = {}) => {
    const who = cookie === undefined ? { authorization: `Bearer ${key}` } : { cookie }
    const answer = await fetch(market.url + path, {
      method,
      redirect: 'manual',
      headers: { ...who, origin: market.url, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const json = text.startsWith('{') ? JSON.parse(text) : null
    return { status: answer.status, headers: answer.headers, json }
  }
}

async function must(answer: Promise<CallAnswer>): Promise<CallAnswer> {
  const { status, json } = await answer
  if (status >= 400) throw new Error(`${status}: ${JSON.stringify(json)}`)
  return answer
}

async function cookieOf(call: Call, link: { url: string }): Promise<string> {
  const taken = await call('GET', new URL(link.url).pathname)
  return taken.headers.get('set-cookie')?.split(';')[0] ?? ''
}

async function openGuest(call: Call) {
  const body = { name: 'Guests', owner: { name: 'Guest' } }
  const made = await must(call('POST', '/api/organisations', { body }))
  const cookie = await cookieOf(call, made.json.link)
  const key = await must(
    call('POST', '/api/keys', { cookie, body: { name: 'guest', scopes: ['all'] } }),
  )
  const team = await must(call('POST', '/api/teams', { cookie, body: { name: 'Theirs' } }))
  return {
    key: key.json.key as string,
    ids: [made.json.id, made.json.owner.id, key.json.id, team.json.id] as readonly string[],
  }
}

async function openSenders(market: Market, call: Call, guest: { readonly key: string }) {
  const keyOf = async (role: string, wish: object): Promise<string> => {
    const person = await must(call('POST', '/api/people', { body: { name: role, role } }))
    const cookie = await cookieOf(call, person.json.link)
    const made = await must(
      call('POST', '/api/keys', { cookie, body: { name: role, scopes: ['all'], ...wish } }),
    )
    return made.json.key
  }
  const team = await must(call('POST', '/api/teams', { body: { name: `senders ${randomUUID()}` } }))
  const teamKey = { name: 'team', scopes: ['all'], team_id: team.json.id }
  const keys: Readonly<Record<string, string>> = {
    member: await keyOf('member', {}),
    admin: await keyOf('admin', {}),
    limited: await keyOf('member', { scopes: ['chat'], models: ['acme/normal'] }),
    team: (await must(call('POST', '/api/keys', { body: teamKey }))).json.key,
    guest: guest.key,
  }
  const named = Object.entries(keys).map(([name, key]) => bearer(name, key))
  const senders: readonly [Sender, ...Sender[]] = [
    { name: 'nobody', lines: [] },
    ...named,
    bearer('scraper', SCRAPE_TOKEN),
    bearer('wrong key', `sk-baimo-${'0'.repeat(40)}`),
    { name: 'no scheme', lines: [`authorization: ${'x'.repeat(300)}`] },
    { name: 'x-api-key', lines: [`x-api-key: ${keys.member}`] },
    { name: 'both', lines: ['authorization: Bearer no', `x-api-key: ${market.ownerKey}`] },
    {
      name: 'twice',
      lines: [`authorization: Bearer ${market.ownerKey}`, 'authorization: Bearer x'],
    },
    { name: 'basic', lines: ['authorization: Basic b3duZXI6'] },
    {
      name: 'no session',
      lines: ['cookie: baimo_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    },
  ]
  return { senders, secrets: Object.values(keys) }
}

function bearer(name: string, key: string): Sender {
  return { name, lines: [`authorization: Bearer ${key}`] }
}

function sessions(market: Market, cookie: string): readonly Sender[] {
  return [
    { name: 'session', lines: [`cookie: ${cookie}`, `origin: ${market.url}`] },
    { name: 'foreign page', lines: [`cookie: ${cookie}`, 'origin: https://evil.example'] },
  ]
}

async function makeVictims(call: Call, upstream: ScriptedUpstream): Promise<World['victims']> {
  const made = async (path: string, body: object) => (await must(call('POST', path, { body }))).json
  const people = await Promise.all(
    ['one', 'two', 'three'].map((name) => made('/api/people', { name })),
  )
  // Victims are made anew while others are still there, and teams have a name of their own each.
  const named = () => ({ name: `victim ${randomUUID()}` })
  const teams = [await made('/api/teams', named()), await made('/api/teams', named())]
  const keys = await Promise.all(['one', 'two'].map((name) => made('/api/keys', { name })))
  const { provider, listings } = await made('/api/providers', { url: upstream.baseUrl })
  const proposals = (await call('GET', '/api/proposals')).json.data
  return {
    people: people.map(({ id }) => id),
    teams: teams.map(({ id }) => id),
    keys: keys.map(({ id }) => id),
    providers: [provider.id],
    listings: listings.map(({ id }: { id: string }) => id),
    aliases: ['alias', 'acme/victim'],
    models: ['acme/victim'],
    proposals: proposals.map(({ id }: { id: string }) => id),
  }
}

function listOf(names: readonly string[]) {
  return { object: 'list', data: names.map((id) => ({ id, object: 'model', owned_by: 'acme' })) }
}
