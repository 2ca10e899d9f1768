import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ScriptedFile } from '../../tests/hubs/scripted-hub.ts'
import { openTestDownloads, type TestDownloads, until } from '../../tests/support/downloads.ts'
import { parseSource } from './parse-source.ts'

let test: TestDownloads
beforeEach(async () => {
  test = await openTestDownloads()
})
afterEach(() => test.close())

const small = 'hf:acme/lion-GGUF:Q4_K_M'
const large = 'hf:acme/lion-GGUF:Q8_0'
const offer = () => test.hubs.offer(parseSource(large), null)

/** Two files of which nothing ever comes, each as large as a part of what is free. */
async function twoFilesOf(share: number): Promise<void> {
  const { freeBytes } = await test.hubs.offer(parseSource('hf:acme/lion-GGUF'), null)
  const file = (quant: string): ScriptedFile => ({
    path: `lion-${quant}.gguf`,
    content: randomBytes(2_000),
    toldBytes: Math.floor(freeBytes * share),
  })
  test.hub.files.splice(0, 1, file('Q4_K_M'), file('Q8_0'))
  const { download } = test.options()
  await test.reopen({
    download: (url, wish) => (url.includes('/resolve/') ? never(wish.signal) : download(url, wish)),
  })
}

function never(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
}

describe('the room that a download needs', () => {
  it('is refused where the disk has it not', async () => {
    test.file.toldBytes = 2 ** 52
    await expect(test.start()).rejects.toMatchObject({
      code: 'hubs_disk_full',
      message: expect.stringMatching(/needs [\d,]+ MB more, and [\d,]+ MB are free/),
    })
    expect(test.hub.fileRequests()).toEqual([])
  })

  it('is beside what those that run or wait are still to bring', async () => {
    await twoFilesOf(0.6)
    const running = await test.start(small)
    expect(await offer()).toMatchObject({ hasRoom: false })
    expect((await offer()).promisedBytes).toBeGreaterThan(1_000_000)
    await expect(test.start(large)).rejects.toMatchObject({
      code: 'hubs_disk_full',
      message: expect.stringMatching(/downloads that run or wait need [\d,]+ MB of them/),
    })
    await test.hubs.cancel(running)
    expect(await offer()).toMatchObject({ hasRoom: true, promisedBytes: 0 })
  })

  it('is counted also between those that begin at the same time', async () => {
    await twoFilesOf(0.6)
    const begun = await Promise.allSettled([test.start(small), test.start(large)])
    expect(begun.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('leaves the database what it keeps free', async () => {
    const { freeBytes } = await offerOfAll()
    await test.reopen({ diskReserveBytes: freeBytes - 1_000 })
    expect((await offerOfAll()).hasRoom).toBe(false)
    await expect(test.start()).rejects.toMatchObject({ code: 'hubs_disk_full' })
  })

  const offerOfAll = () => test.hubs.offer(parseSource('hf:acme/lion-GGUF'), null)

  it('is looked at as long as it runs: what runs ends before the database has none', async () => {
    const { freeBytes } = await offerOfAll()
    test.file.faults = [{ kind: 'stall', afterBytes: 1_000 }]
    const id = await test.start()
    await until(() => test.hubs.get(id).doneBytes > 0)
    await test.reopen({ diskReserveBytes: freeBytes })
    expect((await test.ended(id)).error?.code).toBe('hubs_disk_full')
    await test.hubs.cancel(id)
    expect(test.kept()).toEqual([])
  })
})

describe('the name that somebody wishes', () => {
  it('is shown as the catalog would write it', async () => {
    await test.reopen({
      catalog: { ...test.catalog, nameWished: (wish) => ({ name: `local/${wish}`, isFree: true }) },
    })
    const { modelName } = await test.hubs.offer(parseSource('hf:acme/lion-GGUF'), 'lion')
    expect(modelName).toBe('local/lion')
  })

  it('is refused where it is taken, before anything is fetched', async () => {
    test.taken.add('acme/cat')
    await expect(
      test.hubs.offer(parseSource('hf:acme/lion-GGUF'), 'acme/cat'),
    ).rejects.toMatchObject({ code: 'hubs_name_taken' })
    await expect(test.start(undefined, 'acme/cat')).rejects.toMatchObject({
      code: 'hubs_name_taken',
    })
    expect(test.hub.fileRequests()).toEqual([])
  })

  it('is refused where a download that runs has it', async () => {
    await twoFilesOf(0.01)
    await test.start(small, 'acme/cat')
    await expect(test.start(large, 'acme/Cat')).rejects.toMatchObject({ code: 'hubs_name_taken' })
    // The same files again are the same download.
    expect(await test.start(small, 'acme/cat')).toBe(test.hubs.list()[0]?.id)
  })
})
