import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestDownloads, type TestDownloads, until } from '../../tests/support/downloads.ts'
import { hashHere } from '../../tests/support/hash-here.ts'
import { newId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { HubCatalog } from './types.ts'

let test: TestDownloads
beforeEach(async () => {
  isAdding = false
  test = await openTestDownloads()
})
afterEach(() => test.close())

const catalog = (addFile: HubCatalog['addFile']): HubCatalog => ({ ...test.catalog, addFile })
/** A catalog that adds nothing before it is told to leave it. */
let isAdding = false
const endless: HubCatalog['addFile'] = ({ signal }) => {
  isAdding = true
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}
const cuts = Array.from({ length: 4 }, () => ({ kind: 'cut', afterBytes: 0 }) as const)

describe('a download that is cancelled', () => {
  it('leaves nothing', async () => {
    test.file.faults = [{ kind: 'stall', afterBytes: 1_000 }]
    const id = await test.start()
    await until(() => test.hubs.get(id).doneBytes > 0)
    expect(await test.hubs.cancel(id)).toMatchObject({ state: 'cancelled' })
    expect(test.kept()).toEqual([])
    await expect(test.hubs.cancel(id)).rejects.toMatchObject({ code: 'hubs_download_ended' })
    expect(() => test.hubs.get(newId())).toThrow('No download has that id')
  })

  it('leaves no part of a split model that had come already', async () => {
    const parts = [1, 2, 3].map((part) => ({
      path: `q/lion-Q4_K_M-0000${part}-of-00003.gguf`,
      content: randomBytes(10_000 * part),
    }))
    test.hub.files.splice(0, 1, ...parts)
    Object.assign(parts[2] ?? {}, { faults: [{ kind: 'stall', afterBytes: 100 }] })
    const id = await test.start()
    await until(() => test.hubs.get(id).doneBytes > 30_000)
    expect(test.kept()).toHaveLength(4)
    await test.hubs.cancel(id)
    expect(test.entries().filter((each) => !each.startsWith('.partial'))).toEqual([])
    expect(test.kept()).toEqual([])
  })

  it('while its model is being added does not wait for that', async () => {
    await test.reopen({ catalog: catalog(endless) })
    const id = await test.start()
    await until(() => isAdding)
    expect(test.hubs.get(id).state).toBe('adding')
    expect(await test.hubs.cancel(id)).toMatchObject({ state: 'cancelled' })
    expect(test.kept()).toEqual([])
  })

  it('while another one fetches the same file does not wait for that, nor end it', async () => {
    const other = { path: 'other/lion.Q8_0.gguf', content: randomBytes(1_000) }
    const [running, waiting] = await startTwoWithOneFile(other)
    expect(await test.hubs.cancel(waiting)).toMatchObject({ state: 'cancelled' })
    expect(test.hubs.get(running).state).toBe('running')
    expect((await test.ended(running)).state).toBe('done')
  })

  /** Two split models whose second part is the same: the later one waits for it. */
  async function startTwoWithOneFile(second: { path: string; content: Buffer }) {
    const part = (quant: string, at: number, content: Buffer) => ({
      path: `lion-${quant}-0000${at}-of-00002.gguf`,
      content,
    })
    const shared = randomBytes(50_000)
    const slow = part('Q4_K_M', 2, shared)
    Object.assign(slow, { faults: [{ kind: 'drip', bytes: 5_000, gapMs: 20 }] })
    test.hub.files.splice(
      0,
      1,
      part('Q4_K_M', 1, randomBytes(1_000)),
      slow,
      part('Q8_0', 1, second.content),
      part('Q8_0', 2, shared),
    )
    const running = await test.start('hf:acme/lion-GGUF:Q4_K_M')
    await until(() => test.hubs.get(running).doneBytes > 1_000)
    const waiting = await test.start('hf:acme/lion-GGUF:Q8_0')
    await until(() => test.hubs.get(waiting).doneBytes === 1_000)
    return [running, waiting] as const
  }

  it('leaves what a listing is of', async () => {
    const added: HubCatalog['addFile'] = async ({ path }) => {
      test.listed.add(path)
      throw refuse('hubs_unreachable', 'The licence could not be kept.')
    }
    await test.reopen({ catalog: catalog(added) })
    const { id } = await test.ended(await test.start())
    await test.hubs.cancel(id)
    expect(test.kept()).toHaveLength(1)
  })
})

describe('a download that failed and is given up', () => {
  it('leaves nothing', async () => {
    test.file.faults = [{ kind: 'cut', afterBytes: 50_000 }, ...cuts]
    const { id } = await test.ended(await test.start())
    expect(test.kept()).not.toEqual([])
    expect(await test.hubs.cancel(id)).toMatchObject({ state: 'cancelled', error: null })
    expect(test.kept()).toEqual([])
  })

  it('leaves nothing where it had come as a whole and could not be added', async () => {
    const fails: HubCatalog['addFile'] = () =>
      Promise.reject(refuse('hubs_unreachable', 'The database is away.'))
    await test.reopen({ catalog: catalog(fails) })
    const { id } = await test.ended(await test.start())
    expect(test.kept()).toHaveLength(1)
    await test.hubs.cancel(id)
    expect(test.kept()).toEqual([])
  })

  it('is so at once while another one fetches the same file, which goes on', async () => {
    test.file.faults = [{ kind: 'cut', afterBytes: 50_000 }, ...cuts]
    const failed = await test.ended(await test.start())
    test.file.faults = [{ kind: 'drip', bytes: 10_000, gapMs: 20 }]
    const running = await test.start()
    expect(running).not.toBe(failed.id)
    await until(() => test.hubs.get(running).doneBytes > 60_000)
    expect(await test.hubs.cancel(failed.id)).toMatchObject({ state: 'cancelled' })
    await expect(test.hubs.cancel(failed.id)).rejects.toMatchObject({ code: 'hubs_download_ended' })
    expect(test.hubs.get(running).state).toBe('running')
    expect((await test.ended(running)).state).toBe('done')
    expect(test.hub.fileRequests().at(-1)?.headers.range).toBe('bytes=50000-')
  })
})

describe('a stop', () => {
  it('does not wait for a model that is being added; the next start adds it', async () => {
    await test.reopen({ catalog: catalog(endless) })
    const id = await test.start()
    await until(() => isAdding)
    expect(test.hubs.get(id).state).toBe('adding')
    await test.reopen()
    expect((await test.ended(id)).state).toBe('done')
  })

  it('does not wait for a hash', async () => {
    let isHashing = false
    await test.reopen({
      hashFiles: (_paths, wish) => {
        isHashing = true
        return new Promise((_resolve, reject) => {
          wish?.signal?.addEventListener('abort', () => reject(wish.signal?.reason))
        })
      },
    })
    const id = await test.start()
    await until(() => isHashing)
    await test.reopen()
    expect((await test.ended(id)).state).toBe('done')
  })
})

describe('what is kept of downloads', () => {
  it('is the last fifty that ended', async () => {
    test.hub.files.splice(0, 1, { path: 'lion.Q4_K_M.gguf', content: Buffer.from('lion') })
    let last = ''
    for (let count = 0; count < 53; count += 1) {
      last = await test.start()
      await test.ended(last)
    }
    await until(() => test.hubs.list().length <= 50)
    expect(test.hubs.list().at(-1)?.id).toBe(last)
    await test.reopen()
    expect(test.hubs.list()).toHaveLength(50)
  })
})

describe('a download that cannot end well', () => {
  const log = () => {
    const lines: unknown[] = []
    const keep = (level: string) => (facts: object, text: string) =>
      void lines.push([level, text, facts])
    const log = { error: keep('error'), warn: keep('warn'), info: keep('info') }
    return { lines, log: { ...test.options().log, ...log } as never }
  }

  it('by a bug is logged as one, and tells nothing of it', async () => {
    const { lines, log: kept } = log()
    const bug: HubCatalog['addFile'] = () => Promise.reject(new TypeError('x is not a lion'))
    await test.reopen({ catalog: catalog(bug), log: kept })
    expect((await test.ended(await test.start())).error).toEqual({
      code: 'hubs_internal',
      message: 'Baimo failed. Its log holds the reason.',
    })
    expect(lines).toEqual([
      [
        'error',
        expect.stringContaining('bug'),
        expect.objectContaining({
          reason: expect.stringContaining('x is not a lion'),
        }),
      ],
    ])
  })

  it('by the disk says what to do', async () => {
    // A file lies where a folder has to be.
    mkdirSync(join(test.folder, 'models'), { recursive: true })
    writeFileSync(join(test.folder, 'models', 'hf'), '')
    expect((await test.ended(await test.start())).error).toMatchObject({
      code: 'hubs_folder_unwritable',
    })
  })

  it('because the engine refuses its file removes that and says so', async () => {
    const { refusalsOf, defineErrors } = await import('../kernel/index.ts')
    const refuseFile = refusalsOf(
      defineErrors({ engine_file_damaged: { kind: 'invalid', title: 'no', isRetryable: false } }),
    )
    const damaged: HubCatalog['addFile'] = () =>
      Promise.reject(refuseFile('engine_file_damaged', 'The file contradicts itself.'))
    await test.reopen({ catalog: catalog(damaged) })
    expect((await test.ended(await test.start())).error).toEqual({
      code: 'hubs_file_refused',
      message: expect.stringMatching(/contradicts itself\. It is what the hub says .* removed/),
    })
    expect(test.kept()).toEqual([])
  })
})

it('hands the hash that was checked on, and checks it once', async () => {
  let count = 0
  await test.reopen({
    hashFiles: (...wish) => {
      count += 1
      return hashHere(...wish)
    },
  })
  await test.ended(await test.start())
  expect(count).toBe(1)
  expect(test.added[0]?.sha256).toMatch(/^[0-9a-f]{64}$/)
})
