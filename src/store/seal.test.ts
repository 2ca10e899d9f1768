import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { secretsOf } from './seal.ts'

const secrets = secretsOf(randomBytes(32))
const here = { table: 'providers', rowId: '1' }

it('opens what it sealed, whatever the text', () => {
  for (const text of ['', 'sk-123', '百模 🗝️', 'x'.repeat(100_000)])
    expect(secrets.open(secrets.seal(text, here), here)).toBe(text)
})

it('never seals the same text to the same bytes, nor shows it', () => {
  const sealed = secrets.seal('sk-visible', here)
  expect(sealed).not.toBe(secrets.seal('sk-visible', here))
  expect(sealed).toMatch(/^v1\.[0-9a-f]{12}\.[\w-]+$/)
  expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain(
    'sk',
  )
})

it.each([
  ['in another row', (sealed: string) => secrets.open(sealed, { ...here, rowId: '2' })],
  ['in another table', (sealed: string) => secrets.open(sealed, { ...here, table: 'keys' })],
  ['with a byte changed', (sealed: string) => secrets.open(flipLast(sealed), here)],
  ['cut short', (sealed: string) => secrets.open(sealed.slice(0, 30), here)],
  ['when it is no sealed text', () => secrets.open('hello', here)],
  ['under another key', (sealed: string) => secretsOf(randomBytes(32)).open(sealed, here)],
])('refuses to open %s', (_case, open) => {
  const sealed = secrets.seal('secret', here)
  expect(() => open(sealed)).toThrowError(
    expect.objectContaining({ code: 'store_secret_unreadable' }),
  )
})

function flipLast(sealed: string): string {
  const [version, keyId, body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return `${version}.${keyId}.${bytes.toString('base64url')}`
}
