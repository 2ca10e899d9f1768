import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { root } from './support/build.ts'
import { everyRoute } from './support/every-route.ts'
import type { Schema } from './support/malformed/draw-body.ts'

/** Formats whose texts are short by themselves. */
const SHORT_FORMATS = ['uuid', 'date-time']

test('every text and every list that a route takes has a bound', () => {
  const unbounded = everyRoute().flatMap((route) => {
    if (route.kind !== 'json') return []
    return [route.params, route.query, route.body].flatMap((schema) =>
      schema === undefined
        ? []
        : findUnbounded(jsonSchemaOf(schema), `${route.method} ${route.path}`),
    )
  })
  expect(unbounded).toEqual([])
})

test.each([
  ['http/open-server.ts', 'MAX_HEADER_BYTES = 16 * 1024', '16 KiB together'],
  ['http/open-server.ts', 'MAX_JSON_BYTES = 1024 * 1024', '1 MiB'],
  ['pricing/read-yaml.ts', 'MAX_FILE_BYTES = 64 * 1024', 'a file of prices | 64 KiB'],
  ['gateway/collect-body.ts', 'MAX_BODY_BYTES = 32 * 1024 * 1024', '32 MiB after decompression'],
  ['gateway/collect-body.ts', 'STALL_MS = 60_000', '60 s between bytes'],
  ['gateway/service.ts', 'BODIES_BYTES = 256 * 1024 * 1024', '256 MiB together'],
  ['gateway/body-budget.ts', 'MOST_OF_ONE = 0.5', 'half of that'],
  ['gateway/read-envelope.ts', 'MAX_DEPTH = 100', '100 levels'],
  ['gateway/check-json.ts', 'MOST_NAMES = 1_000', '1,000'],
  ['gateway/attempt.ts', 'MAX_ANSWER_BYTES = 128 * 1024 * 1024', 'a whole answer | 128 MiB'],
  [
    'gateway/streamed-answer.ts',
    'MAX_EVENT_BYTES = 64 * 1024 * 1024',
    'one event of a stream | 64 MiB',
  ],
  ['gateway/answer-budget.ts', 'MOST_OF_ONE = 0.5', 'half of it for one provider'],
  ['gateway/answer-budget.ts', 'CHUNK_BYTES = 128', 'each chunk counts 128 bytes more'],
])('the page of limits says what %s does: %s', (file, inCode, onPage) => {
  const page = readFileSync(join(root, 'docs', 'operating', 'limits-of-inputs.md'), 'utf8')
  expect(readFileSync(join(root, 'src', file), 'utf8')).toContain(inCode)
  expect(page).toContain(onPage)
})

function jsonSchemaOf(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
}

function findUnbounded(schema: Schema, at: string): string[] {
  const inner = [
    ...(schema.anyOf ?? []).map((each) => findUnbounded(each, at)),
    ...Object.entries(schema.properties ?? {}).map(([name, each]) =>
      findUnbounded(each, `${at} ${name}`),
    ),
    ...(schema.items === undefined ? [] : [findUnbounded(schema.items, `${at}[]`)]),
  ].flat()
  const isText = schema.type === 'string' && schema.enum === undefined && schema.const === undefined
  const isBounded = schema.maxLength !== undefined || SHORT_FORMATS.includes(schema.format ?? '')
  if (isText && !isBounded) inner.push(`${at}: a text without a bound`)
  if (schema.type === 'array' && schema.maxItems === undefined)
    inner.push(`${at}: a list without a bound`)
  return inner
}
