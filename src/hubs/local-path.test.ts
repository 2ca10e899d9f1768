import { isAbsolute, join, normalize, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { localPathOf, safeName } from './local-path.ts'

const at = { hub: 'hf', publisher: 'acme', repo: 'lion' }
const pathOf = (path: string) => {
  const file = { path, sizeBytes: 1, sha256: 'ab'.repeat(32) }
  return localPathOf(at, [file], file)
}

describe('where a file of a hub lies', () => {
  it.each([
    '../../etc/passwd',
    '/etc/cron.d/x',
    '..',
    '.',
    '',
    'a/../../..',
    '..\\..\\x.gguf',
    'C:\\x.gguf',
    'x\0.gguf',
    '\u202egguf.exe',
    `${'ä'.repeat(500)}.gguf`,
    '.bashrc',
    'CON.gguf',
    '-rf.gguf',
    'a\nb.gguf',
  ])('is below the folder for models, whatever it is called: %j', (path) => {
    const local = pathOf(path)
    expect(isAbsolute(local)).toBe(false)
    expect(normalize(local)).toBe(local)
    expect(resolve('/m', local).startsWith('/m/hf/acme/lion/abababababab/')).toBe(true)
    expect(Buffer.byteLength(local)).toBeLessThan(255)
    expect(local).not.toMatch(/\p{Cc}|[\\:]|\/[.-]/u)
  })

  it('keeps readable names and the number of a part', () => {
    expect(pathOf('Q4/狮子 v2 (new)-00001-of-00003.gguf')).toBe(
      join('hf/acme/lion/abababababab', '狮子 v2 (new)-00001-of-00003.gguf'),
    )
    expect(safeName(`${'x'.repeat(300)}-00002-of-00003.gguf`)).toMatch(/-00002-of-00003\.gguf$/)
  })
})
