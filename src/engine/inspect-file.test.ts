import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { inspectFile } from './inspect-file.ts'
import type { HashFiles } from './types.ts'

const path = fileURLToPath(new URL('../../models/abacus-small.gguf', import.meta.url))
const never: HashFiles = (_paths, wish) =>
  new Promise((_resolve, reject) => {
    wish?.signal?.addEventListener('abort', () => reject(wish.signal?.reason))
  })

describe('the facts of a file', () => {
  it('take a hash that is known, and read nothing for it', async () => {
    expect(await inspectFile(path, { sha256: 'ab' }, never)).toMatchObject({ sha256: 'ab' })
  })

  it('are left at once when nobody wants them any more', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const facts = inspectFile(path, { signal: stop.signal }, never)
    setTimeout(() => stop.abort(reason), 5)
    await expect(facts).rejects.toBe(reason)
  })
})
