import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { openSecrets } from './secrets.ts'
import type { Store } from './types.ts'

describeOnEveryServer('secrets', (openStore) => {
  let store: Store
  let folder: string
  let path: string

  beforeEach(async () => {
    store = await openStore()
    folder = mkdtempSync(join(tmpdir(), 'baimo-test-'))
    path = join(folder, 'secret.key')
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  it('makes a key for this user alone at the first start and uses it at the next', async () => {
    const first = await openSecrets({ store, path })
    expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const context = { table: 'providers', rowId: '7' }
    const second = await openSecrets({ store, path })
    expect(second.open(first.seal('sk-1', context), context)).toBe('sk-1')
  })

  it('notices a key that belongs to another database', async () => {
    await openSecrets({ store, path })
    writeFileSync(path, randomBytes(32).toString('hex'))
    await expect(openSecrets({ store, path })).rejects.toMatchObject({
      code: 'store_secret_mismatch',
    })
  })

  it('makes no new key where the old one is missing', async () => {
    await openSecrets({ store, path })
    rmSync(path)
    await expect(openSecrets({ store, path })).rejects.toMatchObject({
      code: 'store_secret_mismatch',
    })
    expect(existsSync(path)).toBe(false)
  })

  it.each(['', 'hello', '0'.repeat(63)])('refuses a key file that holds "%s"', async (text) => {
    writeFileSync(path, text)
    await expect(openSecrets({ store, path })).rejects.toMatchObject({
      code: 'store_secret_invalid',
    })
  })

  it('says so when the key file cannot be made', async () => {
    const missing = join(folder, 'absent', 'secret.key')
    await expect(openSecrets({ store, path: missing })).rejects.toMatchObject({
      code: 'store_home_not_writable',
    })
  })
})
