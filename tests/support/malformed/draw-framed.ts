import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import type { Route } from '../../../src/people/index.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { drawBody, drawId, type Schema } from './draw-body.ts'
import { nastyIds, nastyStrings, nastyTimes } from './nasty-values.ts'
import { failingModels, relaySchemas } from './relay-schemas.ts'
import type { Attempt, Draw, World } from './types.ts'

/** A route as a sender sees it. */
interface Target {
  readonly method: string
  readonly path: string
  readonly dialect: 'problem' | 'openai'
  readonly body: Schema | null
  readonly queryNames: readonly string[]
}

/** Draws whole requests to the routes, with something wrong in path, query, headers or body. */
export function framedDraws(routes: readonly Route[]): Draw {
  // The relay's routes stand for more than their number: most requests go there.
  const relayed = routes.filter(({ kind }) => kind === 'raw')
  const targets = [...routes, ...relayed, ...relayed].map(targetOf)
  return (random, world) => {
    const target = targets[random.below(targets.length)]
    if (target === undefined) throw new Error('there are no routes')
    return drawRequest(target, random, world)
  }
}

function targetOf(route: Route): Target {
  const isJson = route.kind === 'json'
  const body = isJson ? schemaOf(route.body) : (relaySchemas[route.path] ?? null)
  const query = isJson ? schemaOf(route.query) : null
  const queryNames = Object.keys(query?.properties ?? {})
  return { method: route.method, path: route.path, dialect: route.dialect, body, queryNames }
}

function schemaOf(schema: z.ZodType | undefined): Schema | null {
  if (schema === undefined) return null
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
}

function drawRequest(target: Target, random: SeededRandom, world: World): Omit<Attempt, 'seed'> {
  const sender = random.next() < 0.5 ? world.strongest : random.pick(world.senders)
  const method = random.next() < 0.94 ? target.method : drawMethod(random)
  const path = drawPath(target, random, world) + drawQuery(target, random)
  const body = drawPayload(target, random, world)
  const { bytes, lines, mayReset } = packBody(body, random)
  const head = [
    `${method} ${path} HTTP/1.1`,
    `host: ${world.host}:${world.port}`,
    ...sender.lines,
    ...lines,
    ...drawHeaders(random),
  ]
  const isAimed = /acme\/(?!normal)/.test(body.toString('latin1')) || path.includes('providers')
  return {
    about: `${method} ${path.slice(0, 120)} as ${sender.name}, ${bytes.length} bytes`,
    parts: splitBytes(
      Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), EMPTY, bytes]),
      random,
    ),
    methods: [method],
    isWhole: true,
    isRefused: false,
    answersAtMost: 1,
    dialect: null,
    isAimedAtFailure: isAimed,
    mayReset,
    ending: 'keep',
  }
}

const EMPTY = Buffer.from('\r\n\r\n')

function drawMethod(random: SeededRandom): string {
  return random.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND'])
}

function drawPath(target: Target, random: SeededRandom, world: World): string {
  const filled = target.path
    .split('/')
    .map((part) => {
      if (part === '*') return drawName(random)
      return part.startsWith(':') ? drawParam(target.path, random, world) : part
    })
    .join('/')
  if (random.next() < 0.9) return filled
  const changes: ((path: string) => string)[] = [
    (path) => `${path}/`,
    (path) => `/${path}`,
    (path) => path.toUpperCase(),
    (path) => `${path}/..%2f..`,
    (path) => `${path}%`,
    (path) => `${path}%00`,
    (path) => `${path}%c0%af`,
    (path) => `${path}%ff%fe`,
    (path) => path.replace('/', '/./'),
    (path) => `${path};a=b`,
    (path) => path.replaceAll('a', '%61'),
    (path) => `${path}/${'x'.repeat(random.pick([999, 1_001, 8_000]))}`,
    (path) => `${path}${'/a'.repeat(2_000)}`,
  ]
  return changes[random.below(changes.length)]?.(filled) ?? filled
}

function drawParam(path: string, random: SeededRandom, world: World): string {
  const kind = path.split('/')[2] ?? ''
  const victims = world.victims[kind] ?? []
  const victim = victims[random.below(victims.length)]
  if (victim !== undefined && random.next() < 0.35) return encodeURIComponent(victim)
  if (random.next() < 0.4) return drawId(random, world)
  return escapePath(random.pick(nastyStrings), random)
}

/** `acme/victim` stands in the market; `acme/normal` is needed and is never named here. */
function drawName(random: SeededRandom): string {
  if (random.next() < 0.3) return random.pick(['acme/victim', 'acme%2Fvictim', 'acme%252Fvictim'])
  return escapePath(random.pick(nastyStrings), random)
}

/** Percent escapes, or the bytes themselves as far as a request line can hold them. */
function escapePath(text: string, random: SeededRandom): string {
  const short = text.slice(0, 3_000)
  if (random.next() < 0.7) return encodeURIComponent(short.toWellFormed())
  const bytes = Buffer.from(short)
  if (random.next() < 0.5) return bytes.toString('latin1').replaceAll(/[\0-\x20\x7f]/g, '')
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

function drawQuery(target: Target, random: SeededRandom): string {
  const isWanted = target.queryNames.length > 0 && random.next() < 0.7
  if (!isWanted && random.next() < 0.85) return ''
  const names = [...target.queryNames, ...(isWanted ? [] : nastyStrings.slice(0, 40))]
  const pairs = Array.from({ length: random.pick([1, 1, 2, 3, 300]) }, () => {
    const name = names[random.below(names.length)] ?? 'limit'
    return `${escapePath(name, random)}=${escapePath(drawQueryValue(name, random), random)}`
  })
  return `?${pairs.join(random.pick(['&', '&', '&', '&&', ';']))}`.slice(0, 12_000)
}

function drawQueryValue(name: string, random: SeededRandom): string {
  if (/since|until/.test(name)) return random.pick(nastyTimes)
  if (/limit/.test(name))
    return random.pick(['0', '-1', '1', '200', '201', '1000', '1001', '1e3', '0x10', '1.5', ' 5 '])
  return random.next() < 0.5 ? random.pick(nastyIds) : random.pick(nastyStrings).slice(0, 200)
}

function drawPayload(target: Target, random: SeededRandom, world: World): Buffer {
  if (target.body === null) {
    return random.next() < 0.85 ? Buffer.alloc(0) : Buffer.from(random.pick(['{}', 'null', 'x']))
  }
  const body = drawBody(target.body, random, world)
  if (target.path === '/v1/chat/completions' && random.next() < 0.35) {
    const other = random.next() < 0.2 ? 'baimo/abacus-small' : drawFailing(random)
    return Buffer.from(body.toString('latin1').replace('acme/normal', other), 'latin1')
  }
  return steer(body, random, world)
}

function drawFailing(random: SeededRandom): string {
  return failingModels[random.below(failingModels.length)] ?? 'acme/refuse-500'
}

/** Names that mean something to the market, in place of the made-up ones. */
function steer(body: Buffer, random: SeededRandom, world: World): Buffer {
  const file = random.pick(['/', '/dev/zero', '/dev/null', '/etc/passwd', '/proc/self/environ'])
  const text = body
    .toString('latin1')
    .replace(/"url":"name-\w+"/, `"url":"${world.upstreamUrl}"`)
    .replace(/"path":"name-\w+"/, `"path":"${file}"`)
    .replace(/"target":"name-\w+"/, `"target":"acme/victim"`)
  return Buffer.from(text, 'latin1')
}

interface Packed {
  readonly bytes: Buffer
  readonly lines: readonly string[]
  readonly mayReset: boolean
}

function packBody(body: Buffer, random: SeededRandom): Packed {
  if (body.length === 0 && random.next() < 0.8) return { bytes: body, lines: [], mayReset: false }
  const type = random.next() < 0.92 ? 'application/json' : drawType(random)
  const typeLine = type === '' ? [] : [`content-type: ${type}`]
  const { bytes, lines } = encode(body, random)
  const mayReset = bytes.length > 500_000
  if (random.next() < 0.1) {
    const packed = chunked(bytes, random)
    return { bytes: packed, lines: [...typeLine, ...lines, 'transfer-encoding: chunked'], mayReset }
  }
  return { bytes, lines: [...typeLine, ...lines, `content-length: ${bytes.length}`], mayReset }
}

function drawType(random: SeededRandom): string {
  return random.pick([
    ...(['', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'] as const),
    ...['application/json; charset=utf-16', 'application/json;;;', 'APPLICATION/JSON', ';', '/'],
    ...['application/json, text/plain', 'application/problem+json', `a/${'b'.repeat(3_000)}`],
    ...['application/json\tx', 'application/json; boundary="', 'null', '__proto__', '*/*'],
  ])
}

function encode(body: Buffer, random: SeededRandom): { bytes: Buffer; lines: readonly string[] } {
  if (random.next() < 0.9) return { bytes: body, lines: [] }
  const as = (encoding: string, bytes: Buffer) => ({
    bytes,
    lines: [`content-encoding: ${encoding}`],
  })
  switch (random.below(9)) {
    case 0:
      return as('gzip', gzipSync(body))
    case 1:
      return as('deflate', deflateSync(body))
    case 2:
      return as('br', brotliCompressSync(body))
    case 3:
      return as('gzip', body)
    case 4:
      return as('gzip', gzipSync(body).subarray(0, -5))
    case 5:
      return as('gzip, br', gzipSync(body))
    case 6:
      return as(random.pick(['compress', '__proto__', 'constructor', '', 'identity', 'x']), body)
    case 7:
      return as('gzip', bomb)
    default:
      return { bytes: Buffer.concat([Buffer.alloc(1_100_000, 0x20), body]), lines: [] }
  }
}

const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024, 0x20))

function chunked(bytes: Buffer, random: SeededRandom): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = Math.min(bytes.length - at, 1 + random.below(Math.max(1, bytes.length)))
    const head = `${size.toString(16)}${random.pick(['', '', ';a=b', ';a="b"'])}\r\n`
    parts.push(Buffer.from(head), bytes.subarray(at, at + size), Buffer.from('\r\n'))
    at += size
  }
  parts.push(Buffer.from(random.pick(['0\r\n\r\n', '0\r\n\r\n', '0\r\nx-trailer: a\r\n\r\n'])))
  return Buffer.concat(parts)
}

/** Headers that mean nothing to the market, or should not. */
function drawHeaders(random: SeededRandom): readonly string[] {
  if (random.next() < 0.75) return []
  return random.pick<readonly string[]>([
    ['accept: text/html'],
    ['accept: *;q=∞', 'accept-language: \xff\xfe'],
    ['x-request-id: ../../x', 'x-forwarded-host: evil.example', 'x-forwarded-for: ::1'],
    ['x-http-method-override: DELETE', 'x-original-url: /api/keys', 'x-rewrite-url: /'],
    ['origin: null', 'sec-fetch-site: cross-site'],
    ['origin: http://evil.example'],
    ['cookie: baimo_session=\x80\xff; a=b; baimo_session=x; ;=;'],
    ['cookie: __proto__=x; constructor=y'],
    ['expect: 100-continue'],
    ['range: bytes=0-,-1', 'if-match: *', 'if-none-match: *'],
    ['if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT', 'te: trailers', 'pragma: x'],
    [`x-long: ${'a'.repeat(8_000)}`],
    [`x-scripted-mode: stall-before`, 'openai-organization: \x7f'.slice(0, 21)],
    Array.from({ length: 90 }, (_, index) => `x-h${index}: ${index}`),
    ['upgrade: h2c', 'http2-settings: AAMAAABkAAQAoAAAAAIAAAAA'],
    ['content-language: \xe4', 'anthropic-version: 2023-06-01', 'x-goog-api-key: a'],
  ])
}

/** Sometimes in pieces, so that no part of the market may count on whole packets. */
function splitBytes(bytes: Buffer, random: SeededRandom): (Buffer | number)[] {
  if (bytes.length < 4 || bytes.length > 20_000 || random.next() < 0.9) return [bytes]
  const at = 1 + random.below(bytes.length - 1)
  return [bytes.subarray(0, at), random.below(4), bytes.subarray(at)]
}
