import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Hasher, hashHere, openHasher } from './open-hasher.ts'

const workerPath = fileURLToPath(new URL('./hash-worker.ts', import.meta.url))
const LARGE_BYTES = 96 * 1_048_576
const content = randomBytes(LARGE_BYTES)
let folder = ''
let large = ''
let small = ''
let hasher: Hasher

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-hash-'))
  large = join(folder, 'large')
  small = join(folder, 'small')
  writeFileSync(large, content)
  writeFileSync(small, 'lion')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  hasher = openHasher(workerPath)
})
afterEach(() => hasher.close())

const hashOf = (...texts: (string | Buffer)[]) =>
  texts.reduce((hash, text) => hash.update(text), createHash('sha256')).digest('hex')

describe('the hasher', () => {
  it('hashes small files and large ones, one after another', async () => {
    expect(await hasher.hashFiles([small])).toBe(hashOf('lion'))
    const told: number[] = []
    const wish = { onBytes: (bytes: number) => void told.push(bytes) }
    expect(await hasher.hashFiles([large, small], wish)).toBe(hashOf(content, 'lion'))
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(told.at(-1)).toBe(LARGE_BYTES + 4)
    expect(await hashHere([small, large])).toBe(hashOf('lion', content))
  })

  it('takes next to nothing of the thread that asks', async () => {
    await hasher.hashFiles([large])
    const before = process.threadCpuUsage()
    await hasher.hashFiles([large])
    const there = process.threadCpuUsage(before)
    await hashHere([large])
    const here = process.threadCpuUsage(before)
    const own = there.user + there.system
    expect(own).toBeLessThan((here.user + here.system - own) / 4)
  })

  it('hashes several at a time, each told of its own', async () => {
    const hashes = await Promise.all([
      hasher.hashFiles([large]),
      hasher.hashFiles([small, large]),
      hasher.hashFiles([large, large]),
    ])
    expect(hashes).toEqual([hashOf(content), hashOf('lion', content), hashOf(content, content)])
  })

  it('stops at once when it is told to, and the others go on', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const stopped = hasher.hashFiles([large, large, large], {
      signal: stop.signal,
      onBytes: () => stop.abort(reason),
    })
    const other = hasher.hashFiles([large])
    await expect(stopped).rejects.toBe(reason)
    await expect(hasher.hashFiles([large], { signal: stop.signal })).rejects.toBe(reason)
    await expect(hashHere([small], { signal: stop.signal })).rejects.toBe(reason)
    expect(await other).toBe(hashOf(content))
  })

  it('passes on why a file cannot be read', async () => {
    const missing = join(folder, 'missing')
    await expect(hasher.hashFiles([missing])).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(hasher.hashFiles([large, folder])).rejects.toThrow(/EISDIR|directory/)
  })

  it('ends what runs when it is closed', async () => {
    const running = hasher.hashFiles([large, large, large, large])
    running.catch(() => {}) // it is looked at below
    await new Promise((resolve) => setTimeout(resolve, 20))
    await hasher.close()
    await expect(running).rejects.toThrow('closed')
  })
})
