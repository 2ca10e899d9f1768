import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Fault,
  openScriptedHub,
  type ScriptedFile,
  type ScriptedHub,
  sha256Of,
} from '../../tests/hubs/scripted-hub.ts'
import { hashHere } from '../../tests/support/hash-here.ts'
import { openProviders } from '../providers/index.ts'
import { fetchFile, partPathOf } from './fetch-file.ts'
import { hubsOf } from './known-hubs.ts'
import type { DownloadNote, FetchTiming, WantedFile } from './types.ts'

const content = randomBytes(400_000)
const providers = openProviders()
afterAll(() => providers.close())

let folder = ''
let hub: ScriptedHub
let file: ScriptedFile
const waits: (string | null)[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-hubs-'))
  file = { path: 'lion.Q4_K_M.gguf', content }
  hub = await openScriptedHub([file])
  waits.length = 0
})
afterEach(async () => {
  await hub.close()
  rmSync(folder, { recursive: true, force: true })
})

const timing: FetchTiming = {
  headersTimeoutMs: 2_000,
  idleTimeoutMs: 150,
  retryDelaysMs: [0, 5, 5, 5],
  longestPauseMs: 3_000,
}

const wanted = (more: Partial<WantedFile> = {}): WantedFile => ({
  path: file.path,
  sizeBytes: content.length,
  sha256: sha256Of(content),
  ...more,
})
const pathOf = () => join(folder, 'acme', 'lion.gguf')

function run(
  faults: Fault[] = [],
  more: { wanted?: WantedFile; signal?: AbortSignal; demandRoom?: () => Promise<void> } = {},
) {
  file.faults = faults
  const it = more.wanted ?? wanted()
  return fetchFile({
    asking: { download: providers.download, timing, nowMs: () => 0 },
    hub: hubsOf(
      { hf: { endpoint: hub.endpoint, token: 'hf-secret' }, ms: { endpoint: null, token: null } },
      [],
    ).hf,
    note: { publisher: 'acme', repo: 'lion-GGUF', revision: 'main', hub: 'hf' } as DownloadNote,
    file: it,
    partPath: partPathOf(folder, it),
    path: pathOf(),
    hashFiles: hashHere,
    demandRoom: more.demandRoom ?? (async () => {}),
    signal: more.signal ?? new AbortController().signal,
    onBytes: () => {},
    onWait: (why) => void waits.push(why),
    onVerify: () => {},
  })
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )
const expectWhole = () => expect(readFileSync(pathOf()).equals(content)).toBe(true)
const ranges = () => hub.fileRequests().map(({ headers }) => headers.range)

describe('fetching a file', () => {
  it('brings the whole and leaves no part behind', async () => {
    await run()
    expectWhole()
    expect(existsSync(partPathOf(folder, wanted()))).toBe(false)
  })

  it('goes on where a cut left it, by the mark of the first answer', async () => {
    await run([
      { kind: 'cut', afterBytes: 100_000 },
      { kind: 'cut', afterBytes: 50_000 },
    ])
    expectWhole()
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=150000-'])
    expect(hub.fileRequests()[1]?.headers['if-range']).toMatch(/^"/)
  })

  it('goes on after silence', async () => {
    await run([{ kind: 'stall', afterBytes: 65_536 }])
    expectWhole()
    expect(waits).toContain('Hugging Face broke off: trying again')
  })

  it('begins anew where the server knows no ranges', async () => {
    file.ignoresRange = true
    await run([{ kind: 'cut', afterBytes: 100_000 }])
    expectWhole()
  })

  it('begins anew where the file changed in between', async () => {
    const old = randomBytes(content.length)
    file.content = old
    await codeOf(run([{ kind: 'cut', afterBytes: 100_000 }, ...never()]))
    file.content = content
    await run()
    expectWhole()
  })

  it('asks once more for the whole where an earlier try left other bytes', async () => {
    const part = partPathOf(folder, wanted())
    await mkdir(dirname(part), { recursive: true })
    writeFileSync(part, randomBytes(1_000))
    await run()
    expectWhole()
    expect(ranges()).toEqual(['bytes=1000-', undefined])
  })

  it.each([
    ['a web page', [{ kind: 'page' }], 1, 'is a web page, as of a sign-in or a proxy'],
    [
      'another part than was asked for, twice',
      [
        { kind: 'cut', afterBytes: 70_000 },
        { kind: 'other-part' },
        { kind: 'cut', afterBytes: 70_000 },
        { kind: 'other-part' },
      ],
      4,
      'Hugging Face sends another part of lion.Q4_K_M.gguf than was asked for',
    ],
    [
      'a redirect out of the web',
      [{ kind: 'redirect', to: 'file:///etc/passwd' }],
      1,
      'Hugging Face redirects to what is no address of the web',
    ],
    [
      'a redirect without an end',
      Array.from({ length: 9 }, () => ({ kind: 'redirect' as const, to: '?' })),
      6,
      'redirects too often',
    ],
  ] satisfies [string, Fault[], number, string][])(
    'gives up at once on %s, and says so',
    async (_, faults, requests, message) => {
      await expect(run(faults)).rejects.toMatchObject({
        code: 'hubs_answer_invalid',
        message: expect.stringContaining(message),
      })
      expect(hub.fileRequests()).toHaveLength(requests)
    },
  )

  it('goes on where the connection broke before anybody read from it', async () => {
    const busy = () => new Promise<void>((resolve) => setTimeout(resolve, 250))
    await run([{ kind: 'cut', afterBytes: 10 }], { demandRoom: busy })
    expectWhole()
  })

  it('goes on after one answer with another part than was asked for', async () => {
    await run([{ kind: 'cut', afterBytes: 70_000 }, { kind: 'other-part' }])
    expectWhole()
  })

  it('gives up after tries that bring nothing, and keeps what came', async () => {
    expect(await codeOf(run([{ kind: 'cut', afterBytes: 70_000 }, ...never()]))).toBe(
      'hubs_cut_off',
    )
    expect(readFileSync(partPathOf(folder, wanted())).length).toBe(70_000)
    await run()
    expectWhole()
    expect(ranges().at(-1)).toBe('bytes=70000-')
  })

  it.each<[string, Fault, string]>([
    ['other bytes of the same number', { kind: 'wrong' }, 'hubs_checksum_wrong'],
    ['a length below the true one', { kind: 'length', saysBytes: 1_000 }, 'hubs_length_wrong'],
    ['a length above the true one', { kind: 'length', saysBytes: 500_000 }, 'hubs_length_wrong'],
    ['bytes behind the end', { kind: 'long', moreBytes: 10 }, 'hubs_length_wrong'],
  ])('refuses %s and removes them', async (_, fault, code) => {
    expect(await codeOf(run([fault]))).toBe(code)
    expect(existsSync(pathOf())).toBe(false)
    expect(existsSync(partPathOf(folder, wanted()))).toBe(false)
  })

  it('asks for the rest where the body ended early in good order', async () => {
    await run([{ kind: 'short', missingBytes: 100_000 }])
    expectWhole()
    expect(ranges()).toEqual([undefined, 'bytes=300000-'])
  })

  it('waits as long as the hub asks for', async () => {
    const beganMs = performance.now()
    await run([{ kind: 'status', status: 429, headers: { 'retry-after': '1' } }])
    expectWhole()
    expect(performance.now() - beganMs).toBeGreaterThan(950)
    expect(waits).toContain('Hugging Face asks for a pause (429)')
  })

  it('refuses where the hub asks for a longer pause than anybody waits', async () => {
    const error = await run([
      { kind: 'status', status: 429, headers: { 'retry-after': '600' } },
    ]).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'hubs_rate_limited', retryAfterSeconds: 600 })
    expect(error.message).toBe('Hugging Face answers too many requests now. Try again in 600 s.')
  })

  it.each([
    [401, 'hubs_access_refused'],
    [403, 'hubs_access_refused'],
    [404, 'hubs_not_found'],
  ])('refuses a %i at once', async (status, code) => {
    expect(await codeOf(run([{ kind: 'status', status }]))).toBe(code)
    expect(hub.fileRequests()).toHaveLength(1)
  })

  it('tries a server that fails again', async () => {
    await run([
      { kind: 'status', status: 503 },
      { kind: 'status', status: 500 },
    ])
    expectWhole()
  })

  it('names a host that it was sent to and may not follow', async () => {
    const error = await run([{ kind: 'redirect', to: 'http://evil.example.org/x' }]).catch((e) => e)
    expect(error.code).toBe('hubs_host_forbidden')
    expect(error.message).toContain('BAIMO_HUB_HOSTS=evil.example.org')
  })

  it.runIf(existsSync('/dev/full'))(
    'says so where the disk is full, and asks no more',
    async () => {
      const part = partPathOf(folder, wanted())
      await mkdir(dirname(part), { recursive: true })
      symlinkSync('/dev/full', part)
      expect(await codeOf(run())).toBe('hubs_disk_full')
      expect(hub.fileRequests()).toHaveLength(1)
    },
  )

  it('takes a file that is there already without asking for it', async () => {
    await run()
    await run()
    expect(hub.fileRequests()).toHaveLength(1)
  })

  it('ends at once when it is told to, and keeps what came', async () => {
    const stop = new AbortController()
    const ended = codeOf(run([{ kind: 'stall', afterBytes: 50_000 }], { signal: stop.signal }))
    setTimeout(() => stop.abort(new Error('told to')), 60)
    expect(await ended).toBe('told to')
    expect(readFileSync(partPathOf(folder, wanted())).length).toBe(50_000)
  })
})

function never(): Fault[] {
  return Array.from({ length: 9 }, () => ({ kind: 'cut', afterBytes: 0 }) as const)
}
