import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MAX_BODY_BYTES } from '../src/gateway/collect-body.ts'
import { MAX_DEPTH } from '../src/gateway/read-envelope.ts'
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

test('the page of limits says what the code does', () => {
  const page = readFileSync(join(root, 'docs', 'operating', 'limits-of-inputs.md'), 'utf8')
  const server = readFileSync(join(root, 'src', 'http', 'open-server.ts'), 'utf8')
  expect(MAX_BODY_BYTES).toBe(32 * 1024 * 1024)
  expect(page).toContain('32 MiB after decompression')
  expect(page).toContain(`${MAX_DEPTH} levels`)
  expect(server).toContain('MAX_HEADER_BYTES = 16 * 1024')
  expect(page).toContain('16 KiB together')
  expect(server).toContain('MAX_JSON_BYTES = 1024 * 1024')
  expect(page).toContain('1 MiB')
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
