import { createHash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chatBody, type GatewayWorld, openGatewayWorld } from '../../tests/support/gateway.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { MODES, openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { newId } from '../kernel/index.ts'

/** A gateway before an upstream that answers as `answer` says, and what it was sent. */
async function openBefore(answer: (response: ServerResponse) => void | Promise<void>) {
  const bodies: Buffer[] = []
  const heads: NodeJS.Dict<string | string[]>[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    bodies.push(Buffer.concat(chunks))
    heads.push(request.headers)
    await answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const world = await openGatewayWorld({
    endpoint: {
      providerId: newId<'provider'>(),
      dialect: 'openai',
      baseUrl: `http://127.0.0.1:${port}/v1`,
      socketPath: null,
      authHeader: { name: 'authorization', value: 'Bearer of-the-market' },
      quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
    },
  })
  return { world, bodies, heads }
}

/** A gateway before the scripted upstream. */
async function openScripted(): Promise<{
  world: GatewayWorld
  direct: (body: string) => Promise<string>
}> {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const world = await openGatewayWorld({ endpoint: upstream.endpoint() })
  const direct = async (body: string) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    return (await fetch(`${upstream.baseUrl}/chat/completions`, init)).text()
  }
  return { world, direct }
}

/** The scripted upstream makes a new id for each answer. */
function withoutIds(text: string): string {
  return text.replaceAll(/chatcmpl-[0-9a-f-]+/g, 'chatcmpl-x')
}

const ODD_JSON =
  '{ "choices" : [ {"index":0,"message":{"content":"\\u00e9 \\/ 🙂","x":1e400},"logprobs":{"content":[]}} ],\n' +
  ' "usage":{"prompt_tokens":1.0,"completion_tokens":2,"new":[null]}, "id":"chatcmpl-7","x_unknown":{"deep":[0.10]} }\n'

describe('a whole answer', () => {
  it('passes byte by byte, and its usage is recorded', async () => {
    const { world } = await openBefore((response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(ODD_JSON)
    })
    const answer = await world.post('/chat/completions', chatBody('m'))
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(ODD_JSON)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const [usage] = await world.settled(1)
    expect(usage).toMatchObject({
      id: answer.headers.get('x-request-id'),
      organisationId: world.principal.organisationId,
      subjectId: world.principal.subjectId,
      keyId: world.principal.keyId,
      listingId: answer.headers.get('x-baimo-listing'),
      tokens: { input: 1, output: 2 },
      source: 'reported',
      outcome: 'answered',
      operation: 'chat',
      isStream: false,
      upstreamStatus: 200,
      upstreamId: 'chatcmpl-7',
    })
    expect(answer.headers.get('x-baimo-route')).toBe('name')
    expect(Number(answer.headers.get('x-baimo-overhead-ms'))).toBeGreaterThan(0)
    expect(usage?.totalMs).toBeGreaterThanOrEqual(usage?.firstByteMs ?? Infinity)
  })

  it('is unfolded when the provider compresses it all the same', async () => {
    const { world } = await openBefore((response) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
      response.writeHead(200, headers).end(gzipSync(ODD_JSON))
    })
    const answer = await world.post('/chat/completions', chatBody('m'))
    expect(await answer.text()).toBe(ODD_JSON)
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect((await world.settled(1))[0]).toMatchObject({ source: 'reported' })
  })

  it.each([
    ['in an encoding that nobody knows', 'x-new', Buffer.from(ODD_JSON)],
    ['that is not what its encoding says', 'gzip', Buffer.from(ODD_JSON)],
    ['that is cut within its encoding', 'gzip', gzipSync(ODD_JSON).subarray(0, 60)],
  ])('%s is no answer', async (_name, encoding, bytes) => {
    const { world } = await openBefore((response) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
      response.writeHead(200, headers).end(bytes)
    })
    const answer = await world.post('/chat/completions', chatBody('m'))
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(await answer.text()).toContain('"type":"server_error"')
    expect(await world.settled(1)).toMatchObject([{ outcome: 'upstream_error' }])
  })

  it('of 8 MB passes whole', async () => {
    const body = `{"data":[{"embedding":"${'A'.repeat(8_000_000)}"}],"usage":{"prompt_tokens":4}}`
    const { world } = await openBefore((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
    const answer = await world.post('/embeddings', '{"model":"m","input":"x"}')
    const hash = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(hash(await answer.text())).toBe(hash(body))
  })

  it('without usage is estimated, and of embeddings only what was sent', async () => {
    const { world } = await openBefore((response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"data":[{"embedding":[0.1,0.2,0.3]}],"choices":[]}')
    })
    const body = '{"model":"m","input":"0123456789"}'
    await (await world.post('/embeddings', body)).text()
    await (await world.post('/chat/completions', chatBody('m'))).text()
    const [embedding, chat] = await world.settled(2)
    expect(embedding).toMatchObject({
      source: 'estimated',
      tokens: { input: Math.ceil(body.length / 4), output: 0 },
    })
    expect(chat).toMatchObject({ source: 'estimated', tokens: { output: 13 } })
  })
})

describe('a request', () => {
  it('reaches the provider byte by byte but for the model’s name', async () => {
    const { world, bodies, heads } = await openBefore((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(ODD_JSON)
    })
    const body =
      '{ "messages":[{"role":"user","content":"\\u00e9 🙂"}],\t"model" : "m" ,"seed":12345678901234567890,"x":[1e400,0.10]}\n'
    await world.post('/chat/completions', body, {
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer of-the-caller',
        cookie: 'session=secret',
        'x-forwarded-for': '10.0.0.1',
        'openai-organization': 'org-of-the-caller',
      },
    })
    expect(bodies[0]?.toString()).toBe(body.replace('"m"', '"acme/m"'))
    expect(heads[0]).toMatchObject({
      authorization: 'Bearer of-the-market',
      'accept-encoding': 'identity',
      'content-length': String(bodies[0]?.length),
    })
    expect(JSON.stringify(heads[0])).not.toMatch(/caller|secret|10\.0\.0\.1/)
  })

  it('that comes compressed reaches the provider plain', async () => {
    const { world, bodies } = await openBefore((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(ODD_JSON)
    })
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const answer = await world.post('/chat/completions', gzipSync(chatBody('m')), { headers })
    expect(answer.status).toBe(200)
    expect(bodies[0]?.toString()).toBe(chatBody('acme/m'))
  })
})

describe('a stream', () => {
  const events = [
    ': welcome\n\n',
    'data: {"id":"chatcmpl-9","choices":[{"index":0,"delta":{"role":"assistant","content":""},"x":1e400}],"usage":null}\n\n',
    'event: message\r\ndata: { "choices":[{"index":1,"delta":{"reasoning_content":"h\\u00e9 \\"usage\\":null"}}] , "usage" : null }\r\n\r\n',
    ': keep-alive\n\n',
    'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\\"error\\":1}"}}]},"logprobs":{"content":[{"token":"🙂"}]}}]}\n\n',
    'data:{"usage":null,"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"x_groq":{"a":[0.10]}}\n\n',
    'data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}\n\n',
    'data: [DONE]\n\n',
  ]
  const text = events.join('')

  function sendInPieces(cutAt: number[]) {
    return async (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      const bytes = Buffer.from(text)
      let from = 0
      for (const end of [...cutAt, bytes.length]) {
        response.write(bytes.subarray(from, end))
        from = end
        await new Promise(setImmediate)
      }
      response.end()
    }
  }

  const random = seededRandom(5)
  const cuts = Array.from({ length: 12 }, (_, round) =>
    Array.from({ length: round * 4 }, () => random.below(Buffer.byteLength(text))).sort(
      (a, b) => a - b,
    ),
  )

  it.each(cuts.map((cut) => [cut]))(
    'passes with the permitted splices alone, cut at %j',
    async (cut) => {
      const { world, bodies } = await openBefore(sendInPieces(cut))
      const answer = await world.post('/chat/completions', chatBody('m', { stream: true }))
      expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
      expect(await answer.text()).toBe(
        [
          events[1]?.replace(',"usage":null', ''),
          events[2]?.replace(' , "usage" : null }', ' }'),
          events[3],
          events[4],
          events[5]?.replace('"usage":null,', ''),
          events[7],
        ].join(''),
      )
      const asked = chatBody('acme/m', { stream: true }).replace(
        '{',
        '{"stream_options":{"include_usage":true},',
      )
      expect(bodies[0]?.toString()).toBe(asked)
      expect((await world.settled(1))[0]).toMatchObject({
        tokens: { input: 11, output: 7 },
        source: 'reported',
        outcome: 'answered',
        isStream: true,
        upstreamId: 'chatcmpl-9',
      })
    },
  )

  it('passes whole to a client that asks for usage, but for comments before it', async () => {
    const { world, bodies } = await openBefore(sendInPieces([40, 400]))
    const body = chatBody('m', { stream: true, stream_options: { include_usage: true } })
    const answer = await world.post('/chat/completions', body)
    expect(await answer.text()).toBe(events.slice(1).join(''))
    expect(bodies[0]?.toString()).toBe(body.replace('"m"', '"acme/m"'))
  })

  it('arrives as it is made, not at its end', async () => {
    const { world } = await openScripted()
    const body = chatBody('normal?pieces=10&gap_ms=30', { stream: true })
    const answer = await world.post('/chat/completions', body)
    const arrivalsMs: number[] = []
    for await (const _chunk of answer.body ?? []) arrivalsMs.push(performance.now())
    const spreadMs = (arrivalsMs.at(-1) ?? 0) - (arrivalsMs[0] ?? 0)
    expect(arrivalsMs.length).toBeGreaterThanOrEqual(8)
    expect(spreadMs).toBeGreaterThan(200)
  })
})

/** Modes of the scripted upstream that answer well: the way through must change nothing. */
const GOOD = [
  'normal',
  'crlf',
  'no-space',
  'event-names',
  'split-utf8',
  'split-bytes',
  'one-chunk',
  'done-split',
  'done-bare',
  'giant-line',
  'early-hints',
  'usage-absent',
  'usage-detailed',
  'usage-in-finish',
  'usage-running',
  'usage-late',
  'usage-garbage',
  'unknown-fields',
  'logprobs',
  'reasoning',
  'tool-calls',
  'no-done',
]

/** Those of them that know answers which are not streamed. */
const GOOD_WHOLE = GOOD.filter((mode) =>
  /^(normal|split-|giant|usage-(absent|det|garb)|unknown|logprobs|reasoning|tool)/.test(mode),
)

describe('every good way to answer passes unchanged', () => {
  it('is in the scripted upstream', () => {
    for (const mode of GOOD) expect(MODES[mode], mode).toBeDefined()
  })

  it('whole', async () => {
    const { world, direct } = await openScripted()
    for (const mode of GOOD_WHOLE) {
      const body = chatBody(mode, { n: 2 })
      const answer = await world.post('/chat/completions', body)
      expect(answer.status, mode).toBe(200)
      expect(withoutIds(await answer.text()), mode).toBe(
        withoutIds(await direct(body.replace(`"${mode}"`, `"acme/${mode}"`))),
      )
    }
    const usages = await world.settled(GOOD_WHOLE.length)
    expect(usages.map((usage) => usage.outcome)).toEqual(GOOD_WHOLE.map(() => 'answered'))
  })

  it('streamed, with usage asked', async () => {
    const { world, direct } = await openScripted()
    for (const mode of GOOD) {
      const body = chatBody(mode, { n: 2, stream: true, stream_options: { include_usage: true } })
      const answer = await world.post('/chat/completions', body)
      expect(withoutIds(await answer.text()), mode).toBe(
        withoutIds(await direct(body.replace(`"${mode}"`, `"acme/${mode}"`))),
      )
    }
    const usages = await world.settled(GOOD.length)
    expect(usages.map((usage) => usage.outcome)).toEqual(GOOD.map(() => 'answered'))
    const sources = new Map(usages.map((usage, at) => [GOOD[at], usage.source]))
    expect(
      [...sources].filter(([, source]) => source === 'estimated').map(([mode]) => mode),
    ).toEqual(['usage-absent', 'usage-garbage'])
  })

  it('streamed, without usage asked, as if the upstream had not been asked either', async () => {
    const { world, direct } = await openScripted()
    // The events of one mode are numbered, and fewer when no usage is asked.
    const modes = GOOD.filter((mode) => !/^(usage-|event-names)/.test(mode))
    for (const mode of modes) {
      const body = chatBody(mode, { stream: true })
      const answer = await world.post('/chat/completions', body)
      expect(withoutIds(await answer.text()), mode).toBe(
        withoutIds(await direct(body.replace(`"${mode}"`, `"acme/${mode}"`))),
      )
    }
    const usages = await world.settled(modes.length)
    expect(new Set(usages.map((usage) => usage.source))).toEqual(new Set(['reported']))
  })
})
