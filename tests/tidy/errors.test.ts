import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { statusOf } from '../../src/http/index.ts'
import type { ErrorRow } from '../../src/kernel/index.ts'

const root = join(import.meta.dirname, '../..')

type Catalogue = ReadonlyMap<string, Readonly<Record<string, ErrorRow>>>

/** The errors of every domain: what its `errors.ts`, or `config.ts`, exports as `…Errors`. */
async function readCatalogue(): Promise<Catalogue> {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path === 'config.ts' || path.endsWith('/errors.ts'))
    .filter((path) => readFileSync(join(root, 'src', path), 'utf8').includes('= defineErrors('))
  const catalogue = new Map<string, Readonly<Record<string, ErrorRow>>>()
  for (const path of files.toSorted()) {
    const exported: Record<string, unknown> = await import(join(root, 'src', path))
    for (const [name, rows] of Object.entries(exported))
      if (name.endsWith('Errors')) catalogue.set(path, rows as Record<string, ErrorRow>)
  }
  return catalogue
}

function domainOf(path: string): string {
  return path.replace(/\.ts$|\/.*$/, '')
}

function pageOf(catalogue: Catalogue): string {
  const sections = [...catalogue].map(([path, rows]) => {
    const lines = Object.entries(rows).map(([code, row]) => lineOf(code, row))
    return [`## ${domainOf(path)}`, '', ...TABLE, ...lines, ''].join('\n')
  })
  return [HEAD, ...sections].join('\n')
}

const TABLE = ['| code | status | retry | meaning |', '|---|---|---|---|']

function lineOf(code: string, { kind, isRetryable, title }: ErrorRow): string {
  const cells = [
    `\`${code}\``,
    statusOf({ code, kind }),
    isRetryable ? 'yes' : 'no',
    title.replaceAll('|', '\\|'),
  ]
  return `| ${cells.join(' | ')} |`
}

const HEAD = `# Errors

Every error has a stable \`code\`. Below \`/api\` it comes as a problem document (RFC 9457,
\`application/problem+json\`): \`type\`, \`title\`, \`status\`, \`detail\` (what happened and what to do),
\`code\`, \`request_id\`, and where they help \`param\` and \`details\`. Below \`/v1\` it comes in OpenAI's
shape, \`{"error": {"message", "type", "param", "code"}}\`; there the codes for a model that is not
there or takes no traffic read \`model_not_found\`, which clients of OpenAI look for.

*Retry* says whether the same request may succeed later without a change; where it will not, the
answer carries \`x-should-retry: false\`, which stops official clients from trying. Some errors
only occur at the start or on the command line: their code is in the message, and no status is sent.

This page is made from the code: \`npx vitest run tests/tidy/errors.test.ts -u\`.
`

test('docs/api/errors.md lists every error of the code', async () => {
  await expect(pageOf(await readCatalogue())).toMatchFileSnapshot(join(root, 'docs/api/errors.md'))
})

test('every code begins with its domain, and every title is a line that ends', async () => {
  for (const [path, rows] of await readCatalogue())
    for (const [code, { title }] of Object.entries(rows)) {
      expect(code).toMatch(new RegExp(`^${domainOf(path)}_[a-z0-9_]+$`))
      expect(title).toMatch(/^\S.*\.$/)
    }
})

test('no code stands in two domains', async () => {
  const codes = [...(await readCatalogue()).values()].flatMap((rows) => Object.keys(rows))
  expect(codes.length).toBe(new Set(codes).size)
})
