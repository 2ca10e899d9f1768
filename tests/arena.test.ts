import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ArenaUpstream, type Contender, openArenaUpstream } from './support/arena-upstream.ts'
import { callMarket } from './support/call-market.ts'
import { runCommand } from './support/command-line.ts'
import { type Market, startMarket } from './support/market.ts'

const WORDS = 'The tide comes in twice a day because the moon pulls at the sea from both sides.'
const CONTENDERS: Record<string, Contender> = {
  'northwind/aurora-7': { say: () => `${WORDS} It is slow.`, gapMs: 12 },
  'quillpad/basalt-2': { say: () => `${WORDS} 潮汐每天来两次。`, gapMs: 1 },
  'velocore/cinder-9': { say: () => `Hm. ${WORDS}`, waitMs: 60 },
}
let upstream: ArenaUpstream
let market: Market

beforeAll(async () => {
  upstream = await openArenaUpstream(CONTENDERS)
  market = await startMarket({ env: { BAIMO_LOG: 'info' } })
  const added = await call('POST', '/api/providers', {
    url: upstream.baseUrl,
    name: 'zephyrhost',
    key: 'upstream-secret',
    models: Object.keys(CONTENDERS),
  })
  expect(added.status, added.text).toBeLessThan(300)
  await call('PUT', '/api/arena/settings', { control_share: 0 })
}, 120_000)
afterAll(async () => {
  await market.stop()
  await upstream.close()
}, 60_000)

function call(method: string, path: string, body?: object, key = market.ownerKey) {
  return callMarket(market.url, { method, path, body, key })
}

/** Reads a battle's stream to its end. */
async function readStream(id: string, key = market.ownerKey, lastId?: number) {
  const response = await fetch(`${market.url}/api/battles/${id}/stream`, {
    headers: {
      authorization: `Bearer ${key}`,
      ...(lastId === undefined ? {} : { 'last-event-id': String(lastId) }),
    },
  })
  const text = await response.text()
  const events = text
    .split('\n\n')
    .filter((event) => event.startsWith('id:'))
    .map((event) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1] ?? ''
      return { id: Number(field('id')), name: field('event'), data: JSON.parse(field('data')) }
    })
  return { status: response.status, headers: response.headers, text, events }
}

/** A person with a personal key. */
async function person(name: string): Promise<string> {
  const made = await call('POST', '/api/people', { name })
  const key = await call('POST', '/api/keys', {
    name,
    person_id: made.json.id,
    scopes: ['api', 'usage'],
  })
  expect(key.status, key.text).toBeLessThan(300)
  return key.json.key
}

/** A battle whose answers have ended, and what was told of it. */
async function fight(key: string, body: object = { prompt: 'Why is there a tide?' }) {
  const made = await call('POST', '/api/battles', body, key)
  expect(made.status, made.text).toBe(201)
  const stream = await readStream(made.json.id, key)
  return { id: made.json.id as string, made, stream }
}

const vote = (id: string, body: object, key?: string) =>
  call('POST', `/api/battles/${id}/vote`, body, key)

/** Whatever names or marks a contestant, in any spelling of three characters or more. */
const MARKS = [
  ...['northwind', 'aurora', 'quillpad', 'basalt', 'velocore', 'cinder', 'zephyrhost', 'zephyr'],
  ...['chatcmpl', 'system_fingerprint', 'finish_reason', 'x-served-by', 'x-baimo-listing'],
  ...['x-baimo-route', 'x-baimo-overhead', 'prompt_tokens', 'completion_tokens', 'x-ratelimit'],
  ...['openai-model', '77777'],
]

function expectBlind(bytes: string, ids: readonly string[]): void {
  const text = bytes.toLowerCase()
  for (const mark of [...MARKS, ...ids]) expect(text, mark).not.toContain(mark.toLowerCase())
}

const headersOf = ({ headers }: { headers: Headers }) => JSON.stringify([...headers])

/** All of a year, whenever it is asked: `until` is not the time of the question. */
const TOTALS = `/api/usage/totals?by=model&since=${daysFromNow(-300)}&until=${daysFromNow(30)}`

function daysFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString()
}

test('no byte before the reveal names a contestant, and the reveal names both', async () => {
  const key = await person('Reader')
  const listings = (await call('GET', '/api/listings')).json.data as Record<string, string>[]
  const ids = listings.flatMap(
    ({ id, variant_id: variant, model_id: model, provider_id: provider }) =>
      [id, variant, model, provider].filter((each) => each !== undefined),
  )
  expect(ids.length).toBeGreaterThan(8)
  const models = (await call('GET', '/api/models', undefined, key)).text
  const totals = (await call('GET', TOTALS, undefined, key)).text
  const { id, made, stream } = await fight(key)
  const seen = [made, stream, await call('GET', `/api/battles/${id}`, undefined, key)]
  seen.push(await call('GET', '/api/battles', undefined, key))
  const usage = await call('GET', '/api/usage', undefined, key)
  expect(usage.json.data).toEqual([])
  seen.push(usage, await call('GET', '/metrics', undefined, key))
  seen.push(await call('POST', `/api/battles/${id}/vote`, { choice: 'x' }, key))
  for (const each of seen) expectBlind(each.text + headersOf(each), ids)
  expect((await call('GET', '/api/models', undefined, key)).text).toBe(models)
  expect((await call('GET', TOTALS, undefined, key)).text).toBe(totals)
  for (const path of ['/api/usage', '/api/usage/totals?by=model'])
    expect((await call('GET', `${path}`)).text).not.toContain('"battle"')

  const voted = await vote(id, { choice: 'a', reasons: ['clear', 'correct'] }, key)
  expect(voted.status, voted.text).toBe(200)
  const { a, b } = voted.json.reveal
  for (const side of [a, b]) {
    expect(side.model).toMatch(/^(northwind|quillpad|velocore)\//)
    expect(side).toMatchObject({ provider: 'zephyrhost', cost: { known: false } })
    expect(side.tokens.input).toBe(31)
    expect(side.total_ms).toBeGreaterThan(0)
  }
  expect(voted.json.draw_probability).toBeGreaterThan(0)
  const shown = (await call('GET', '/api/usage', undefined, key)).json.data
  expect(shown).toHaveLength(2)
  expect(shown[0]).toMatchObject({ purpose: 'battle', outcome: 'answered' })
}, 60_000)

test('both sides are told alike, and the stream goes on after a break', async () => {
  const key = await person('Watcher')
  const { id, stream } = await fight(key)
  const { events } = stream
  expect([events[0]?.name, events.at(-1)?.name]).toEqual(['open', 'end'])
  expect(events.map((event) => event.id)).toEqual(events.map((_, at) => at + 1))
  const texts = events.filter(({ name }) => name === 'text')
  const joined = (side: 'a' | 'b') => texts.map(({ data }) => data[side]).join('')
  let [a, b] = [0, 0]
  const ends = [joined('a').length, joined('b').length] as const
  for (const { data } of texts) {
    a += data.a.length
    b += data.b.length
    if (a < ends[0] && b < ends[1]) expect(Math.abs(a - b)).toBeLessThanOrEqual(1)
  }
  const last = texts.at(-2)?.id ?? 0
  const again = await readStream(id, key, last)
  expect(again.events).toEqual(events.filter((event) => event.id > last))
  expect((await readStream(id, key, events.at(-1)?.id)).status).toBe(204)
  expect((await readStream(id)).status).toBe(404)
}, 60_000)

test('one of a thousand votes at once counts', async () => {
  const key = await person('Hasty')
  await call('PUT', '/api/arena/settings', { letters_per_second: null })
  const { id } = await fight(key)
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, at) => vote(id, { choice: at % 2 === 0 ? 'a' : 'b' }, key)),
  )
  const count = (status: number) => answers.filter((answer) => answer.status === status).length
  expect([count(200), count(409)]).toEqual([1, 999])
  const codes = answers.filter(({ status }) => status === 409).map(({ json }) => json.code)
  expect(new Set(codes)).toEqual(new Set(['arena_vote_exists']))
}, 120_000)

test('a vote is refused on another’s battle, before both have begun, and by a team', async () => {
  const key = await person('Early')
  upstream.set('velocore/cinder-9', { say: () => WORDS, waitMs: 700 })
  upstream.set('quillpad/basalt-2', { say: () => WORDS, waitMs: 700 })
  const made = await call('POST', '/api/battles', { prompt: 'hi' }, key)
  const early = await vote(made.json.id, { choice: 'a' }, key)
  expect([early.status, early.json.code]).toEqual([409, 'arena_battle_not_open'])
  const other = await vote(made.json.id, { choice: 'a' })
  expect([other.status, other.json.code]).toEqual([404, 'arena_battle_unknown'])
  expect((await vote('no-id', { choice: 'a' }, key)).status).toBe(404)
  const team = await call('POST', '/api/teams', { name: 'Crew' })
  const made2 = { name: 'crew', team_id: team.json.id, scopes: ['api'] }
  const crew = (await call('POST', '/api/keys', made2)).json.key
  const common = await fight(crew)
  const refused = await vote(common.id, { choice: 'a' }, crew)
  expect([refused.status, refused.json.code]).toEqual([403, 'arena_vote_personal'])
  await readStream(made.json.id, key)
  expect((await vote(made.json.id, { choice: 'both_bad' }, key)).status).toBe(200)
  for (const [model, contender] of Object.entries(CONTENDERS)) upstream.set(model, contender)
}, 60_000)

test('a side that fails is replaced, silently or by a new beginning', async () => {
  const key = await person('Lucky')
  for (const fails of [500, 'middle'] as const) {
    upstream.set('velocore/cinder-9', { say: () => WORDS, fails, gapMs: 15 })
    for (let round = 0; round < 3; round += 1) {
      const { id, stream } = await fight(key)
      expect(stream.events.at(-1)?.name, stream.text).toBe('end')
      const voted = await vote(id, { choice: 'tie' }, key)
      const models = [voted.json.reveal.a.model, voted.json.reveal.b.model].toSorted()
      expect(models).toEqual(['northwind/aurora-7', 'quillpad/basalt-2'])
    }
  }
  for (const [model, contender] of Object.entries(CONTENDERS)) upstream.set(model, contender)
}, 120_000)

test('where nobody answers the battle is void, and says so without a name', async () => {
  const key = await person('Unlucky')
  for (const model of Object.keys(CONTENDERS)) upstream.set(model, { say: () => WORDS, fails: 400 })
  const { id, stream } = await fight(key)
  expect(stream.events.at(-1)).toMatchObject({
    name: 'voided',
    data: { code: 'arena_answers_failed' },
  })
  expectBlind(stream.text, [])
  const shown = await call('GET', `/api/battles/${id}`, undefined, key)
  expect(shown.json).toMatchObject({ state: 'voided', void_code: 'arena_answers_failed' })
  const late = await vote(id, { choice: 'a' }, key)
  expect([late.status, late.json.code]).toEqual([409, 'arena_battle_voided'])
  for (const [model, contender] of Object.entries(CONTENDERS)) upstream.set(model, contender)
}, 60_000)

test('further turns go to the same pair, with each side’s own answers', async () => {
  const key = await person('Curious')
  const { id } = await fight(key)
  const from = upstream.asked.length
  const before = upstream.asked.slice(-2)
  const turn = await call('POST', `/api/battles/${id}/turns`, { prompt: 'And at night?' }, key)
  expect(turn.status, turn.text).toBe(201)
  const second = await readStream(id, key)
  expect(second.events.filter(({ name }) => name === 'end')).toHaveLength(2)
  expect(upstream.asked.slice(from).toSorted()).toEqual(before.toSorted())
  for (const { messages } of upstream.bodies.slice(from)) {
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(messages[1]?.content).toContain(WORDS)
  }
  const voted = await vote(id, { choice: 'b' }, key)
  expect(voted.json.turns).toHaveLength(2)
  const late = await call('POST', `/api/battles/${id}/turns`, { prompt: 'More?' }, key)
  expect([late.status, late.json.code]).toEqual([409, 'arena_vote_exists'])
}, 60_000)

test('texts are kept as far as the battle says', async () => {
  const key = await person('Private')
  const plain = await fight(key, { prompt: 'a secret' })
  await vote(plain.id, { choice: 'a' }, key)
  const forgotten = (await call('GET', `/api/battles/${plain.id}`, undefined, key)).json
  expect(forgotten.turns[0]).toMatchObject({ messages: null, a: { text: null }, b: { text: null } })
  const kept = await fight(key, { prompt: 'no secret', consent: { prompt: true, answers: true } })
  await vote(kept.id, { choice: 'a' }, key)
  const found = (await call('GET', `/api/battles/${kept.id}`, undefined, key)).json
  expect(found.turns[0].messages[0].content).toBe('no secret')
  expect(found.turns[0].a.text).toContain(WORDS)
}, 60_000)

test('a comparison names both, and its preference counts nowhere', async () => {
  const key = await person('Chooser')
  const before = await settledVotes()
  const models = ['northwind/aurora-7', 'quillpad/basalt-2']
  const { id, made } = await fight(key, { prompt: 'hi', models })
  expect(made.json.kind).toBe('comparison')
  expect([made.json.reveal.a.model, made.json.reveal.b.model]).toEqual(models)
  expect((await call('GET', '/api/usage', undefined, key)).json.data).toHaveLength(2)
  const voted = await vote(id, { choice: 'a' }, key)
  expect(voted.json.vote).toMatchObject({ choice: 'a', vote_id: null })
  expect(await settledVotes()).toBe(before)
  const none = await call('POST', '/api/battles', { prompt: 'hi', models: ['x/y', 'x/z'] }, key)
  expect([none.status, none.json.code]).toEqual([400, 'arena_model_unknown'])
}, 60_000)

/** Votes on the board once it has taken up those that were cast: the same for a second. */
async function settledVotes(): Promise<number> {
  let votes = await votesOnBoard()
  for (let quiet = 0; quiet < 4; quiet += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    const now = await votesOnBoard()
    if (now !== votes) quiet = -1
    votes = now
  }
  return votes
}

async function votesOnBoard(): Promise<number> {
  const board = await call('GET', '/api/boards/models/overall')
  return board.status === 200 ? board.json.votes : 0
}

test('Compare asks the question of an answer anew of two hidden models', async () => {
  const key = await person('Comparer')
  const messages = [
    { role: 'user', content: 'What is a tide?' },
    { role: 'assistant', content: 'Water that rises.' },
    { role: 'user', content: 'Why?' },
  ]
  const from = upstream.bodies.length
  const { made } = await fight(key, { compare: { messages } })
  expect(made.json).toMatchObject({ kind: 'battle', reveal: null })
  for (const body of upstream.bodies.slice(from)) expect(body.messages).toEqual(messages)
}, 60_000)

test('twelve voters change the board at once', async () => {
  const before = await settledVotes()
  const keys = await Promise.all(Array.from({ length: 12 }, (_, at) => person(`Voter ${at}`)))
  const ids = await Promise.all(
    keys.map(async (key) => {
      const { id } = await fight(key)
      return id
    }),
  )
  for (const [at, key] of keys.entries()) {
    const voted = await vote(ids[at] ?? '', { choice: 'a' }, key)
    expect(voted.status, voted.text).toBe(200)
  }
  const sinceMs = performance.now()
  await expect
    .poll(votesOnBoard, { timeout: 5_000, interval: 20 })
    .toBeGreaterThanOrEqual(before + 10)
  expect(performance.now() - sinceMs).toBeLessThan(2_000)
}, 120_000)

test('votes are bounded by rate, and battles by what the owner lets a day', async () => {
  const key = await person('Busy')
  const plain = await call('PUT', '/api/arena/settings', { battles_per_day: 0 }, key)
  expect(plain.status).toBe(403)
  const set = await call('PUT', '/api/arena/settings', { votes_per_minute: 1 })
  expect(set.json).toMatchObject({ votes_per_minute: 1, chat_share: 0.05, control_share: 0 })
  const [first, second] = [await fight(key), await fight(key)]
  expect((await vote(first.id, { choice: 'a' }, key)).status).toBe(200)
  const late = await vote(second.id, { choice: 'a' }, key)
  expect([late.status, late.json.code]).toEqual([429, 'arena_votes_too_many'])
  expect(late.headers.get('retry-after')).toBe('60')
  await call('PUT', '/api/arena/settings', { votes_per_minute: 100, battles_per_day: 3 })
  const capped = await call('POST', '/api/battles', { prompt: 'hi' }, key)
  expect([capped.status, capped.json.code]).toEqual([429, 'arena_cap_reached'])
  await call('PUT', '/api/arena/settings', { battles_per_day: null })
}, 60_000)

test('a vote too fast to have read, or on an answer that names its maker, is set aside', async () => {
  const key = await person('Quick')
  const before = await settledVotes()
  await call('PUT', '/api/arena/settings', { letters_per_second: 1 })
  const fast = (await vote((await fight(key)).id, { choice: 'a' }, key)).json.vote.vote_id
  await call('PUT', '/api/arena/settings', { letters_per_second: null })
  const names = (own: string) => ({ say: () => `I am ${own}. ${WORDS}` })
  upstream.set('northwind/aurora-7', names('Aurora'))
  upstream.set('quillpad/basalt-2', names('a model made by Quillpad'))
  upstream.set('velocore/cinder-9', names('ChatGPT'))
  const named = (await vote((await fight(key)).id, { choice: 'a' }, key)).json.vote.vote_id
  for (const [model, contender] of Object.entries(CONTENDERS)) upstream.set(model, contender)
  const aside = (await call('GET', '/api/votes?set_aside=1')).json.data as Record<string, string>[]
  const reasonOf = (id: string) => aside.find((each) => each.id === id)?.aside_reason
  expect([reasonOf(fast), reasonOf(named)]).toEqual(['too_fast', 'names_itself:a'])
  expect(await settledVotes()).toBe(before)

  expect((await call('GET', '/api/votes', undefined, key)).status).toBe(403)
  const back = await call('POST', `/api/votes/${fast}`, { decision: 'restore', reason: 'I saw it' })
  expect(back.json).toEqual({ id: fast, state: 'counts' })
  await expect.poll(votesOnBoard, { timeout: 5_000 }).toBe(before + 1)
  const out = await call('POST', `/api/votes/${fast}`, { decision: 'set_aside', reason: 'no' })
  expect(out.json.state).toBe('aside')
  await expect.poll(votesOnBoard, { timeout: 5_000 }).toBe(before)
}, 60_000)

test('judgements are exact, on a board of their own, and data where a model judges', async () => {
  const before = await settledVotes()
  upstream.set('northwind/aurora-7', { say: () => 'The answer is 42.' })
  upstream.set('quillpad/basalt-2', { say: () => '41' })
  const wish = { prompt: '6 × 7?', model_a: 'northwind/aurora-7', model_b: 'quillpad/basalt-2' }
  const judge = { kind: 'exact', expected: '42' }
  const exact = await call('POST', '/api/judgements', { ...wish, judge })
  expect(exact.status, exact.text).toBe(201)
  expect(exact.json).toMatchObject({
    ...{ judge: 'exact', choice: 'a' },
    answers: { a: { is_correct: true }, b: { text: '41', is_correct: false } },
  })
  const given = { ...wish, judge: 'model:velocore/cinder-9', winner: 'tie' }
  expect((await call('POST', '/api/judgements', given)).json).toMatchObject({
    ...{ choice: 'tie', answers: null, judge: 'model:velocore/cinder-9' },
  })
  const unknown = await call('POST', '/api/judgements', { ...given, judge: 'model:x/y' })
  expect([unknown.status, unknown.json.code]).toEqual([400, 'arena_judge_unknown'])
  upstream.set('quillpad/basalt-2', { say: () => WORDS, fails: 'middle' })
  const failed = await call('POST', '/api/judgements', { ...wish, judge })
  expect([failed.status, failed.json.code]).toEqual([502, 'arena_answers_failed'])
  for (const [model, contender] of Object.entries(CONTENDERS)) upstream.set(model, contender)
  const judged = async () =>
    (await call('GET', '/api/boards/models/overall?kind=judgements')).json.votes
  await expect.poll(judged, { timeout: 5_000 }).toBe(2)
  expect(await settledVotes()).toBe(before)
  const key = await person('Nobody')
  expect((await call('POST', '/api/judgements', given, key)).status).toBe(403)
}, 60_000)

test('baimo battle shows one answer after the other where no terminal is, and names them after', async () => {
  const { home } = market
  const blind = await runCommand(['battle', 'Why is there a tide?'], { home })
  expect([blind.code, blind.err]).toEqual([0, ''])
  expect(blind.out).toMatch(/── A\n.*── B\n.*No vote\./s)
  expect(blind.out.split(WORDS)).toHaveLength(3)
  expectBlind(blind.out, [])
  const voted = await runCommand(['battle', '--vote', 'a'], { home, input: 'Why?\n' })
  expect(voted.out).toContain('Your vote: A is better.')
  expect(voted.out).toMatch(
    /MODEL +PROVIDER +COST +TIME +TOKENS\nA .*zephyrhost .*\nB .*zephyrhost/,
  )
  const named = ['--model-a', 'northwind/aurora-7', '--model-b', 'quillpad/basalt-2']
  const compared = await runCommand(['battle', ...named, 'Why?', '--json'], { home })
  expect(JSON.parse(compared.out)).toMatchObject({
    ...{ kind: 'comparison', vote: null },
    reveal: { a: { model: 'northwind/aurora-7' }, b: { model: 'quillpad/basalt-2' } },
  })
  const half = await runCommand(['battle', '--model-a', 'x', 'Why?'], { home })
  expect([half.code, half.err]).toEqual([
    2,
    expect.stringContaining('give --model-a and --model-b'),
  ])
}, 60_000)

test('what no database keeps breaks no battle', async () => {
  const key = await person('Odd')
  for (const model of Object.keys(CONTENDERS))
    upstream.set(model, { say: () => `a\0 b \ud83d half 🙂 ${WORDS}` })
  for (const prompt of ['odd \0', 'odd \ud800'])
    expect((await call('POST', '/api/battles', { prompt }, key)).status, prompt).toBe(400)
  const { id, stream } = await fight(key, { prompt: 'odd', consent: { answers: true } })
  expect(stream.events.at(-1)?.name, stream.text).toBe('end')
  const voted = await vote(id, { choice: 'tie', comment: 'x' }, key)
  expect(voted.json.turns[0].a.text).toBe(`a b \ufffd half 🙂 ${WORDS}`)
  expect(voted.json.vote.comment).toBe('x')
  for (const [model, contender] of Object.entries(CONTENDERS)) upstream.set(model, contender)
}, 60_000)

test('who is erased leaves no text in battles, and the vote stays', async () => {
  const made = await call('POST', '/api/people', { name: 'Leaver' })
  const wish = { name: 'leaver', person_id: made.json.id, scopes: ['api'] }
  const key = (await call('POST', '/api/keys', wish)).json.key
  const prompt = 'a question to forget'
  const { id } = await fight(key, { prompt, consent: { prompt: true, answers: true } })
  const voted = await vote(id, { choice: 'a', comment: 'a comment to forget' }, key)
  expect(voted.json.turns[0].messages[0].content).toBe(prompt)
  const gone = await call('DELETE', `/api/people/${made.json.id}`)
  expect(gone.status, gone.text).toBeLessThan(300)
  const { rows } = await onDatabase(
    `select messages, text, comment, choice from battles as b join battle_turns as t on t.battle_id = b.id
      join battle_answers as a on a.battle_id = b.id where b.id = $1`,
    [id],
  )
  expect(rows).toHaveLength(2)
  for (const row of rows)
    expect(row).toEqual({ messages: null, text: null, comment: null, choice: 'a' })
  expect((await onDatabase('select 1 from battle_events where battle_id = $1', [id])).rows).toEqual(
    [],
  )
}, 60_000)

/** Asks the market's own database. */
async function onDatabase(text: string, values: unknown[]) {
  const client = new pg.Client({
    host: join(market.home, 'run', 'pg'),
    user: 'baimo',
    database: 'baimo',
  })
  await client.connect()
  try {
    return await client.query(text, values)
  } finally {
    await client.end()
  }
}
