import { readFileSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openBlackHole } from './black-hole.ts'
import { MODES, openScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'

let upstream: ScriptedUpstream
beforeEach(async () => {
  upstream = await openScriptedUpstream()
})
afterEach(() => upstream.close())

function ask(mode: string, fields: object = {}, init: RequestInit = {}): Promise<Response> {
  const body = JSON.stringify({ model: `acme/${mode}`, messages: [], ...fields })
  return fetch(`${upstream.baseUrl}/chat/completions`, { method: 'POST', body, ...init })
}

async function statuses(mode: string, count: number): Promise<(number | string)[]> {
  const said: (number | string)[] = []
  for (let i = 0; i < count; i++) {
    said.push(
      await ask(mode).then(
        ({ status }) => status,
        () => 'lost',
      ),
    )
  }
  return said
}

it('has a row in its README for each mode, and no other', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const rows = readme.slice(readme.indexOf('## Modes')).matchAll(/^\| `([^`]+)` \|/gm)
  expect([...rows].map(([, mode]) => mode).sort()).toEqual(Object.keys(MODES).sort())
})

it('fails as often as asked, counted by key', async () => {
  expect(await statuses('flaky-500?fails=2', 3)).toEqual([500, 500, 200])
  expect(await statuses('flaky-500?fails=1&key=a', 2)).toEqual([500, 200])
  expect(await statuses('flaky-500?fails=3&key=a', 2)).toEqual([500, 200])
  expect(await statuses('flaky-reset', 2)).toEqual(['lost', 200])
  expect(await statuses('flaky?fails=1&as=refuse-404&then=refuse-400', 2)).toEqual([404, 400])
  expect(upstream.countOf('flaky-500')).toBe(7)
  expect(upstream.countOf('normal')).toBe(0)
})

it('is busy as it is told to be', async () => {
  const seconds = await ask('busy?retry_after=3')
  expect([seconds.status, seconds.headers.get('retry-after')]).toEqual([429, '3'])
  const ms = await ask('busy?status=503&retry_after_ms=40')
  expect([ms.status, ms.headers.get('retry-after-ms')]).toEqual([503, '40'])
  const date = await ask('busy?retry_at_ms=5000')
  const waitMs = Date.parse(date.headers.get('retry-after') ?? '') - Date.now()
  expect(waitMs).toBeGreaterThan(2_000)
  expect((await ask('busy')).headers.has('retry-after')).toBe(false)
})

it('is dead for a while, and then alive', async () => {
  expect(await statuses('dead-then-alive?for_ms=150', 2)).toEqual(['lost', 'lost'])
  await new Promise((resolve) => setTimeout(resolve, 160))
  expect(await statuses('dead-then-alive?for_ms=150', 1)).toEqual([200])
})

it('refuses connections while it is away, and answers at the same address when it is back', async () => {
  const running = ask('stall-before').catch(() => 'lost')
  await upstream.waitFor((up) => up.calls().length === 1)
  await upstream.goAway()
  expect(await running).toBe('lost')
  const error = await ask('normal').catch((thrown: Error) => thrown.cause)
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  await upstream.comeBack()
  expect((await ask('normal')).status).toBe(200)
})

it('waits before it answers, or before the first byte of its body, as it is told', async () => {
  const beganMs = performance.now()
  await ask('refuse-500?wait_ms=120')
  expect(performance.now() - beganMs).toBeGreaterThan(110)
  for (const stream of [true, false]) {
    const answer = await ask('slow-first-byte?body_ms=120', { stream })
    const headersMs = performance.now()
    expect((await answer.text()).length).toBeGreaterThan(100)
    expect(performance.now() - headersMs).toBeGreaterThan(100)
  }
})

it.each(['reset-after-role', 'reset-after-comment', 'error-after-role', 'eof-after-role'])(
  'sends no content in the mode %s',
  async (mode) => {
    const answer = await ask(mode, { stream: true })
    const decoder = new TextDecoder()
    let text = ''
    try {
      for await (const chunk of answer.body ?? []) text += decoder.decode(chunk as Buffer)
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError)
    }
    expect(text).not.toMatch(/"content":"[^"]/)
    expect(text).not.toContain('[DONE]')
  },
)

it('takes mode and options from a header', async () => {
  const headers = { 'x-scripted-mode': 'busy?retry_after=9' }
  expect((await ask('normal', {}, { headers })).headers.get('retry-after')).toBe('9')
})

it('has a hole beside it that lets nobody finish connecting', async () => {
  const hole = await openBlackHole()
  const socket = connectTls({ port: hole.port, host: '127.0.0.1' })
  const said = await new Promise<string>((resolve) => {
    socket.once('secureConnect', () => resolve('connected'))
    socket.once('error', (error) => resolve(error.message))
    setTimeout(resolve, 200, 'nothing')
  })
  socket.destroy()
  await hole.close()
  expect(said).toBe('nothing')
})
