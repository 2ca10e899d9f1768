import type { SeededRandom } from '../seeded-random.ts'
import { nastyStrings } from './nasty-values.ts'
import type { Attempt, Draw, World } from './types.ts'

type Raw = Partial<Attempt> & { readonly about: string; readonly text: string }

/** Draws what is no proper HTTP, or is meant to confuse who reads it. Text is Latin-1. */
export const rawDraw: Draw = (random, world) => {
  const kind = kinds[random.below(kinds.length)] ?? brokenLine
  const { text, ...rest } = kind(random, world)
  const bytes = Buffer.from(text, 'latin1')
  return {
    parts: [bytes],
    methods: ['GET', 'GET', 'GET'],
    isWhole: false,
    isRefused: false,
    answersAtMost: 1,
    dialect: null,
    isAimedAtFailure: false,
    mayReset: true,
    ending: 'half-close',
    ...rest,
  }
}

const kinds: readonly ((random: SeededRandom, world: World) => Raw)[] = [
  brokenLine,
  brokenHeader,
  flood,
  badLength,
  badChunks,
  smuggle,
  oldHttp,
  strangeTarget,
  pipeline,
  hostless,
  expectation,
  noise,
  slow,
  leave,
]

function head(world: World, lines: readonly string[], first = 'GET /healthz HTTP/1.1'): string {
  return [first, `host: ${world.host}:${world.port}`, ...lines, '', ''].join('\r\n')
}

function key(random: SeededRandom, world: World): readonly string[] {
  return random.pick(world.senders).lines
}

function brokenLine(random: SeededRandom, world: World): Raw {
  const line = random.pick([
    ...([
      'GET',
      'GET ',
      'GET /',
      'GET / HTTP/1.1 x',
      ' GET / HTTP/1.1',
      'GET  /  HTTP/1.1',
    ] as const),
    ...['get / HTTP/1.1', 'GET / HTTP/9.9', 'GET / http/1.1', 'GET / HTTP/1.', 'GET / HTTP/01.1'],
    ...['GET / HTTP/2.0', 'PRI * HTTP/2.0', 'GET\t/\tHTTP/1.1', 'GET /\x00 HTTP/1.1', '\x00'],
    ...['GET /a b HTTP/1.1', 'FOO\x7f / HTTP/1.1', `${'A'.repeat(9_000)} / HTTP/1.1`, '{}'],
    ...['GET /\xff\xfe HTTP/1.1', 'GET /\x7f HTTP/1.1', 'GET \\ HTTP/1.1', 'GET / ICE/1.0'],
    ...[`GET /${'a'.repeat(20_000)} HTTP/1.1`, 'HTTP/1.1 200 OK', '\x16\x03\x01\x02\x00\x01\x00'],
  ])
  return { about: `line ${JSON.stringify(line.slice(0, 60))}`, text: head(world, [], line) }
}

function brokenHeader(random: SeededRandom, world: World): Raw {
  const line = random.pick([
    ...([
      ': empty',
      'no colon',
      ' folded: x',
      'a b: c',
      'a\x00b: c',
      'a: \x00',
      'a: b\x01c',
    ] as const),
    ...['a: \x7f', 'a : b', '\ta: b', 'a:\r b', 'a: b\rc: d', 'a: b\nc: d', '(): x', 'é: x'],
    ...['content-length: 5, 5', 'host: two.example', 'host:', 'content-type', '\xff: x', 'a:\x0bb'],
    ...[`${'n'.repeat(17_000)}: x`, `x: ${'v'.repeat(17_000)}`, 'connection: \x80', 'upgrade:'],
    ...['connection: close, keep-alive, upgrade, __proto__', '__proto__: x', 'constructor: y'],
    ...[
      'authorization: Bearer \xff\xff',
      'authorization:',
      'authorization: Bearer',
      'cookie: \xff',
    ],
    ...[`authorization: Bearer ${'k'.repeat(9_000)}`, 'authorization: Digest \x80', 'x-api-key: é'],
  ])
  const first = random.pick([
    'GET /healthz HTTP/1.1',
    'GET /api/me HTTP/1.1',
    'GET /v1/models HTTP/1.1',
  ])
  const about = `header ${JSON.stringify(line.slice(0, 60))}`
  return { about, text: head(world, [line], first) }
}

function flood(random: SeededRandom, world: World): Raw {
  const count = random.pick([50, 500, 1_999, 2_001, 5_000])
  const name = random.pick(['x', 'host', 'authorization', 'cookie', 'content-length', 'accept'])
  const lines = Array.from({ length: count }, (_, index) => `${name}: ${index}`)
  return { about: `${count} times ${name}`, text: head(world, [...key(random, world), ...lines]) }
}

function badLength(random: SeededRandom, world: World): Raw {
  const value = random.pick([
    ...(['-1', '+5', '5 5', '0x5', '1e3', '', ' ', '99999999999999999999', '4294967297'] as const),
    ...[
      '5\t',
      '５',
      'abc',
      '5;',
      '"5"',
      '00005',
      '1.0',
      '9007199254740993',
      '5\r\ncontent-length: 6',
    ],
  ])
  const path = random.pick(['/api/keys', '/v1/chat/completions', '/api/teams'])
  const lines = [
    ...key(random, world),
    'content-type: application/json',
    `content-length: ${value}`,
  ]
  const text = `${head(world, lines, `POST ${path} HTTP/1.1`)}{"a":`
  return { about: `content-length ${JSON.stringify(value)} at ${path}`, text }
}

function badChunks(random: SeededRandom, world: World): Raw {
  const body = random.pick([
    ...(['x\r\n', '-1\r\n', '5\r\nab\r\n0\r\n\r\n', '5\r\n{"a":1}\r\n0\r\n\r\n', '\r\n'] as const),
    ...[
      'ffffffffffffffffff\r\n',
      '7fffffff\r\n{}',
      '2\r\n{}0\r\n\r\n',
      '2\n{}\n0\n\n',
      '0x2\r\n{}\r\n',
    ],
    ...[
      '2;'.concat('a'.repeat(20_000), '\r\n{}\r\n0\r\n\r\n'),
      '02\r\n{}\r\n0\r\n\r\n',
      ' 2\r\n{}\r\n',
    ],
    ...['2\r\n{}\r\n0\r\ncontent-length: 5\r\nhost: x\r\n\r\n', '2 \r\n{}\r\n0\r\n\r\n', '0\r\n'],
    ...[
      `2\r\n{}\r\n0\r\n${'x-t: y\r\n'.repeat(3_000)}\r\n`,
      '2\r{}\r0\r\r',
      '+2\r\n{}\r\n0\r\n\r\n',
    ],
    ...['1\r\n{\r\n'.concat('1\r\n \r\n'.repeat(3_000), '1\r\n}\r\n0\r\n\r\n')],
  ])
  const path = random.pick(['/api/keys', '/v1/chat/completions', '/api/links'])
  const lines = [
    ...key(random, world),
    'content-type: application/json',
    'transfer-encoding: chunked',
  ]
  const text = `${head(world, lines, `POST ${path} HTTP/1.1`)}${body}`
  return { about: `chunks ${JSON.stringify(body.slice(0, 40))} at ${path}`, text }
}

/** Two readers that disagree about where a request ends: none of these may pass. */
function smuggle(random: SeededRandom, world: World): Raw {
  const lines = random.pick<readonly string[]>([
    ['content-length: 5', 'transfer-encoding: chunked'],
    ['transfer-encoding: chunked', 'content-length: 5'],
    ['content-length: 5', 'content-length: 6'],
    ['transfer-encoding: xchunked'],
    ['transfer-encoding: chunked, identity'],
    ['transfer-encoding: identity, chunked, identity'],
    ['transfer-encoding: chunked', 'transfer-encoding: identity'],
    ['transfer-encoding : chunked'],
    ['transfer-encoding:\x0bchunked'],
    ['transfer-encoding: "chunked"'],
    ['transfer-encoding:\n chunked', 'content-length: 5'],
    ['x: y\ntransfer-encoding: chunked', 'content-length: 5'],
    ['content-length: 5\ncontent-length: 6'],
    ['transfer-encoding: gzip'],
  ])
  const inner = head(world, [], 'GET /smuggled HTTP/1.1')
  const all = ['content-type: application/json', ...lines, ...key(random, world)]
  const text = `${head(world, all, 'POST /api/links HTTP/1.1')}0\r\n\r\n${inner}`
  return { about: `smuggling ${JSON.stringify(lines)}`, text, isRefused: true }
}

function oldHttp(random: SeededRandom, world: World): Raw {
  const path = random.pick(['/healthz', '/', '/api/me', '/v1/models'])
  const version = random.pick(['HTTP/1.0', 'HTTP/0.9', ''])
  const lines = random.pick<readonly string[]>([
    [],
    [`host: ${world.host}`],
    ['connection: keep-alive', `host: ${world.host}`],
    ['transfer-encoding: chunked', `host: ${world.host}`],
    ['content-length: 0', 'host: a', 'host: b'],
  ])
  const text = [`GET ${path} ${version}`.trim(), ...lines, '', ''].join('\r\n')
  return { about: `${version} ${path}`, text }
}

function strangeTarget(random: SeededRandom, world: World): Raw {
  const line = random.pick([
    ...(['CONNECT evil.example:443 HTTP/1.1', 'CONNECT / HTTP/1.1', 'TRACE / HTTP/1.1'] as const),
    ...['OPTIONS * HTTP/1.1', 'GET * HTTP/1.1', 'GET http://evil.example/api/keys HTTP/1.1'],
    ...[`GET http://${world.host}:${world.port}/healthz HTTP/1.1`, 'GET //evil/api/keys HTTP/1.1'],
    ...['GET http:// HTTP/1.1', 'GET ?x HTTP/1.1', 'GET #x HTTP/1.1', 'GET healthz HTTP/1.1'],
    ...[
      'M-SEARCH * HTTP/1.1',
      'PURGE / HTTP/1.1',
      'QUERY /api/me HTTP/1.1',
      'LINK /link/x HTTP/1.1',
    ],
    ...['GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1', 'GET /../../etc/passwd HTTP/1.1'],
    ...['GET /healthz HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade'],
    ...['GET /api/me HTTP/1.1\r\nupgrade: h2c\r\nconnection: upgrade, http2-settings'],
    ...['GET javascript:alert(1) HTTP/1.1', 'GET /link/%0d%0aset-cookie:%20a=b HTTP/1.1'],
  ])
  const text = head(world, key(random, world), line)
  return { about: `target ${JSON.stringify(line.slice(0, 60))}`, text, methods: [methodOf(line)] }
}

function methodOf(line: string): string {
  return line.split(' ', 1)[0] ?? 'GET'
}

const piped = [
  ...([
    'GET /healthz',
    'HEAD /readyz',
    'GET /api/me',
    'GET /nothing',
    'DELETE /api/keys/x',
  ] as const),
  ...['POST /api/links', 'POST /v1/chat/completions'],
] as const

/** Several requests at once, good and bad; each is answered in its turn or the line is closed. */
function pipeline(random: SeededRandom, world: World): Raw {
  const count = 2 + random.below(8)
  const methods: string[] = []
  const texts = Array.from({ length: count }, () => {
    const [method = 'GET', path = '/'] = random.pick(piped).split(' ')
    methods.push(method)
    const isBody = method === 'POST'
    const lines = isBody ? ['content-type: application/json', 'content-length: 3'] : []
    return `${head(world, [...key(random, world), ...lines], `${method} ${path} HTTP/1.1`)}${isBody ? '{x}' : ''}`
  })
  const tail = random.pick(['', '', 'garbage\r\n\r\n', '\r\n\r\n', 'GET'])
  const text = texts.join(random.pick(['', '', '\r\n'])) + tail
  methods.push('GET')
  return { about: `${count} pipelined`, text, methods, answersAtMost: count + 1 }
}

function hostless(random: SeededRandom): Raw {
  const host = random.pick([
    ...([
      '',
      'host:',
      'host: evil.example',
      'host: localhost:99999',
      'host: [::1',
      'host: @',
    ] as const),
    ...[
      'host: localhost@evil.example',
      'host: localhost, evil.example',
      'host: 0x7f.1',
      'host: \xff',
    ],
    ...['host: localhost:80:80', 'host: LOCALHOST', 'host: localhost.', 'host: 127.0.0.1/../'],
  ])
  const lines = ['GET /healthz HTTP/1.1', ...(host === '' ? [] : [host]), '', '']
  return { about: JSON.stringify(host), text: lines.join('\r\n') }
}

function expectation(random: SeededRandom, world: World): Raw {
  const value = random.pick(['100-continue', '200-ok', '', '100-continue, x', 'é'])
  const path = random.pick(['/api/teams', '/v1/chat/completions', '/healthz', '/nothing'])
  const lines = ['content-type: application/json', 'content-length: 2', `expect: ${value}`]
  const first = `POST ${path} HTTP/1.1`
  const text = `${head(world, [...key(random, world), ...lines], first)}{}`
  return { about: `expect ${value} at ${path}`, text, methods: ['POST'], answersAtMost: 2 }
}

function noise(random: SeededRandom, world: World): Raw {
  const length = random.pick([1, 10, 1_000, 20_000])
  const bytes = Array.from({ length }, () => String.fromCharCode(random.below(256))).join('')
  const isLate = random.next() < 0.5
  const text = isLate ? head(world, [random.pick(nastyStrings).slice(0, 99), bytes]) : bytes
  return { about: `${length} random bytes`, text }
}

/** A few bytes at a time, and then no more. */
function slow(random: SeededRandom, world: World): Raw {
  const whole = head(
    world,
    [...key(random, world), 'content-length: 100'],
    'POST /api/keys HTTP/1.1',
  )
  const bytes = Buffer.from(whole.slice(0, 20 + random.below(whole.length)), 'latin1')
  const parts: (Buffer | number)[] = []
  for (let at = 0; at < 10; at += 1) parts.push(bytes.subarray(at, at + 1), 5)
  parts.push(bytes.subarray(10))
  return { about: 'slow', text: '', parts, ending: 'leave' }
}

/** Goes away in the middle: of the head, of the body, or of the answer. */
function leave(random: SeededRandom, world: World): Raw {
  const body = '{"model":"acme/normal","messages":[{"role":"user","content":"hi"}],"stream":true}'
  const lines = ['content-type: application/json', `content-length: ${body.length}`]
  const first = 'POST /v1/chat/completions HTTP/1.1'
  const whole = head(world, [...key(random, world), ...lines], first) + body
  const isCut = random.next() < 0.5
  const text = isCut ? whole.slice(0, random.below(whole.length)) : whole
  const waitMs = random.below(10)
  return { about: 'leaves', text, parts: [Buffer.from(text, 'latin1'), waitMs], ending: 'leave' }
}
