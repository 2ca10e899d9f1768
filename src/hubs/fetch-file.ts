// edge: talks to hubs over the network, to the disk, by timers
import {
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal, readRetryAfterMs } from '../kernel/index.ts'
import type { DownloadAnswer } from '../providers/index.ts'
import { type Asking, openDownload } from './ask-hub.ts'
import { checkRange, textOf } from './check-range.ts'
import { refuse } from './errors.ts'
import { explainAnswer, mirrorAdvice } from './explain-answer.ts'
import { fileRequest } from './hub-requests.ts'
import type { DownloadNote, HashFiles, Hub, WantedFile } from './types.ts'

export interface FileFetch {
  readonly asking: Asking
  readonly hub: Hub
  readonly note: DownloadNote
  readonly file: WantedFile
  /** Where what came lies until it is whole and checked; beside it, `.etag`. */
  readonly partPath: string
  /** Where it goes. */
  readonly path: string
  readonly hashFiles: HashFiles
  readonly signal: AbortSignal
  /** Refuses where the disk has no room to go on; asked every some megabytes. */
  readonly demandRoom: () => Promise<void>
  /** Told how many bytes of this file are here. */
  readonly onBytes: (doneBytes: number) => void
  /** Told why nothing comes now; null: it comes. */
  readonly onWait: (why: string | null) => void
  /** Told how many bytes are checked. */
  readonly onVerify: (doneBytes: number) => void
}

const ROOM_ASKED_EVERY_BYTES = 16 * 1_048_576

/**
 * Fetches one file, going on where an earlier try stopped, checks the SHA-256 of the whole and only
 * then gives it its name. Refuses with `hubs_…`; what came is kept for another try, unless it was
 * wrong.
 */
export async function fetchFile(fetch: FileFetch): Promise<void> {
  fetch.signal.throwIfAborted()
  if (await isWhole(fetch)) return
  await mkdir(dirname(fetch.partPath), { recursive: true, mode: 0o700 })
  const wasBegun = (await sizeOf(fetch.partPath)) > 0
  await fetchRest(fetch)
  if (await isChecked(fetch)) return putInPlace(fetch)
  await removePart(fetch)
  // What an earlier try brought may be of another file: the whole is asked for once more.
  if (wasBegun) {
    await fetchRest(fetch)
    if (await isChecked(fetch)) return putInPlace(fetch)
    await removePart(fetch)
  }
  throw refuse(
    'hubs_checksum_wrong',
    `What ${fetch.hub.title} sent as ${fetch.file.path} is not what it says (SHA-256). It was removed. Try again, or use a mirror (${fetch.hub.endpointSetting}).`,
  )
}

/** Whether the file is there under its name, as an earlier download left it. */
async function isWhole(fetch: FileFetch): Promise<boolean> {
  const { path, file, onBytes } = fetch
  if ((await sizeOf(path)) !== file.sizeBytes) return false
  if ((await hashOf(fetch, path)) !== file.sha256) return false
  onBytes(file.sizeBytes)
  return true
}

/** Asks until all bytes are here. Each try that brings some begins the count of tries anew. */
async function fetchRest(fetch: FileFetch): Promise<void> {
  const delays = fetch.asking.timing.retryDelaysMs
  let failures = 0
  let isAnew = false
  let otherParts = 0
  let most = await sizeOf(fetch.partPath)
  while ((await sizeOf(fetch.partPath)) < fetch.file.sizeBytes) {
    const outcome = await tryOnce(fetch, isAnew ? 0 : await sizeOf(fetch.partPath))
    if (outcome.kind === 'refused') throw outcome.error
    isAnew = outcome.kind === 'anew' || outcome.kind === 'other-part'
    if (outcome.kind === 'other-part') otherParts += 1
    if (otherParts > 1) throw otherPart(fetch)
    const here = await sizeOf(fetch.partPath)
    failures = here > most ? 0 : failures + 1
    most = Math.max(most, here)
    const delayMs = delays[failures]
    if (delayMs === undefined) throw cutOff(fetch, most, outcome)
    if (here < fetch.file.sizeBytes) await pause(fetch, outcome, delayMs)
  }
}

/** What to say after the last try: why nothing ever came, or that what came is kept. */
function cutOff(fetch: FileFetch, hereBytes: number, outcome: Outcome): unknown {
  const error = outcome.kind === 'cut' ? outcome.error : undefined
  const isTold = error instanceof Refusal && error.code.startsWith('hubs_')
  if (isTold && (hereBytes === 0 || error.code !== 'hubs_unreachable')) return error
  return refuse(
    'hubs_cut_off',
    `${fetch.hub.title} broke off again and again. What came is kept: give the same command again, and it goes on there.`,
    { cause: error },
  )
}

async function pause(fetch: FileFetch, outcome: Outcome, delayMs: number): Promise<void> {
  if (outcome.kind === 'cut') fetch.onWait(outcome.why)
  const pauseMs = (outcome.kind === 'cut' ? outcome.pauseMs : undefined) ?? delayMs
  await sleep(pauseMs, undefined, { signal: fetch.signal }).catch(() =>
    fetch.signal.throwIfAborted(),
  )
}

type Outcome =
  | { readonly kind: 'ended' }
  | { readonly kind: 'anew' }
  | { readonly kind: 'other-part' }
  | {
      readonly kind: 'cut'
      readonly why: string
      readonly error: unknown
      readonly pauseMs?: number
    }
  | { readonly kind: 'refused'; readonly error: unknown }

async function tryOnce(fetch: FileFetch, haveBytes: number): Promise<Outcome> {
  fetch.signal.throwIfAborted()
  const { asking, hub, note, file, signal } = fetch
  const { url, headers } = fileRequest(hub, note, file)
  const etag = await readFile(etagPath(fetch), 'utf8').catch(() => '')
  const range = {
    range: `bytes=${haveBytes}-`,
    ...(etag === '' ? {} : { 'if-range': etag }),
  }
  try {
    const answer = await openDownload(asking, hub, {
      url,
      headers: { ...headers, ...(haveBytes > 0 ? range : {}) },
      signal,
    })
    return await take(fetch, answer, haveBytes)
  } catch (error) {
    return sortFailure(fetch, error)
  }
}

async function take(fetch: FileFetch, answer: DownloadAnswer, haveBytes: number): Promise<Outcome> {
  const { file, hub } = fetch
  const range = checkRange(answer, haveBytes, file.sizeBytes)
  if (range.kind === 'bytes') {
    await noteEtag(fetch, answer)
    await writeBody(fetch, answer.body, range.fromBytes)
    return { kind: 'ended' }
  }
  answer.body.destroy()
  if (range.kind === 'anew' || range.kind === 'other-part') return { kind: range.kind }
  if (range.kind === 'page') throw webPage(fetch, answer)
  if (range.kind === 'other') return sortStatus(fetch, answer)
  await removePart(fetch)
  throw refuse(
    'hubs_length_wrong',
    `${hub.title} says ${file.path} has ${file.sizeBytes} bytes and sends ${range.saidBytes}. Try again, or use a mirror (${hub.endpointSetting}).`,
  )
}

function webPage({ hub, file }: FileFetch, { url }: DownloadAnswer): Refusal {
  const host = URL.parse(url)?.host ?? hub.endpoint
  return refuse(
    'hubs_answer_invalid',
    `What ${host} sends for ${file.path} is a web page, as of a sign-in or a proxy. ${mirrorAdvice(hub)}`,
  )
}

function otherPart({ hub, file }: FileFetch): Refusal {
  return refuse(
    'hubs_answer_invalid',
    `${hub.title} sends another part of ${file.path} than was asked for, so that nothing goes on where it stopped. ${mirrorAdvice(hub)}`,
  )
}

function sortStatus(fetch: FileFetch, answer: DownloadAnswer): Outcome {
  const { asking, hub, note } = fetch
  const error = explainAnswer(hub, { ...note, wish: null }, { ...answer, nowMs: asking.nowMs() })
  if (answer.status !== 429 && answer.status < 500) return { kind: 'refused', error }
  const pauseMs = readRetryAfterMs(answer.headers, asking.nowMs()) ?? undefined
  if (pauseMs !== undefined && pauseMs > asking.timing.longestPauseMs)
    return { kind: 'refused', error }
  const why = `${hub.title} asks for a pause (${answer.status})`
  return { kind: 'cut', why, error, ...(pauseMs === undefined ? {} : { pauseMs }) }
}

function sortFailure(fetch: FileFetch, error: unknown): Outcome {
  fetch.signal.throwIfAborted()
  const why = `${fetch.hub.title} broke off: trying again`
  if (error instanceof Refusal)
    return /^providers_/.test(error.code) || error.code === 'hubs_unreachable'
      ? { kind: 'cut', why, error }
      : { kind: 'refused', error }
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') return { kind: 'refused', error: diskFull(error) }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return { kind: 'refused', error: unwritable(fetch, error) }
  return { kind: 'refused', error }
}

export function diskFull(cause: unknown): Refusal {
  return refuse(
    'hubs_disk_full',
    'The disk is full. Make room and give the same command again: it goes on where it stopped.',
    { cause },
  )
}

function unwritable(fetch: FileFetch, cause: unknown): Refusal {
  return refuse(
    'hubs_folder_unwritable',
    `${dirname(fetch.partPath)} cannot be written. Give this user write access to it.`,
    { cause },
  )
}

/** Only a strong mark tells that bytes are the same. */
async function noteEtag(fetch: FileFetch, answer: DownloadAnswer): Promise<void> {
  const etag = textOf(answer.headers, 'etag')
  if (etag === '' || etag.startsWith('W/')) await rm(etagPath(fetch), { force: true })
  else await writeFile(etagPath(fetch), etag, { mode: 0o600 })
}

function etagPath({ partPath }: FileFetch): string {
  return `${partPath}.etag`
}

async function writeBody(fetch: FileFetch, body: Readable, fromBytes: number): Promise<void> {
  const { partPath, file, onBytes, onWait } = fetch
  const handle = await open(partPath, fromBytes === 0 ? 'w' : 'r+', 0o600)
  try {
    if (fromBytes > 0) await handle.truncate(fromBytes)
    let at = fromBytes
    let askedAt = at
    await fetch.demandRoom()
    onBytes(at)
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (at + chunk.length > file.sizeBytes) throw await tooLong(fetch, handle)
      await writeAll(handle, chunk, at)
      at += chunk.length
      onWait(null)
      onBytes(at)
      if (at - askedAt < ROOM_ASKED_EVERY_BYTES) continue
      askedAt = at
      await fetch.demandRoom()
    }
    if (at === file.sizeBytes) await handle.sync()
  } finally {
    body.destroy()
    await handle.close().catch(() => undefined) // closed already where it was too long
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer, at: number): Promise<void> {
  let written = 0
  while (written < chunk.length) {
    const { bytesWritten } = await handle.write(
      chunk,
      written,
      chunk.length - written,
      at + written,
    )
    written += bytesWritten
  }
}

async function tooLong(fetch: FileFetch, handle: FileHandle): Promise<Refusal> {
  await handle.close()
  await removePart(fetch)
  return refuse(
    'hubs_length_wrong',
    `${fetch.hub.title} says ${fetch.file.path} has ${fetch.file.sizeBytes} bytes and sends more. Try again, or use a mirror (${fetch.hub.endpointSetting}).`,
  )
}

async function isChecked(fetch: FileFetch): Promise<boolean> {
  fetch.onWait(null)
  return (await hashOf(fetch, fetch.partPath)) === fetch.file.sha256
}

function hashOf({ hashFiles, onVerify, signal }: FileFetch, path: string): Promise<string> {
  return hashFiles([path], { onBytes: onVerify, signal })
}

async function putInPlace(fetch: FileFetch): Promise<void> {
  const folder = dirname(fetch.path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await rename(fetch.partPath, fetch.path)
  await rm(etagPath(fetch), { force: true })
  const handle = await open(folder, 'r').catch(() => null) // Windows opens no folders
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

async function removePart(fetch: FileFetch): Promise<void> {
  await rm(fetch.partPath, { force: true })
  await rm(etagPath(fetch), { force: true })
}

/** 0 where there is no file. */
export async function sizeOf(path: string): Promise<number> {
  const stats = await stat(path).catch(() => null)
  return stats?.isFile() === true ? stats.size : 0
}

/** Where what came of a file lies: by its checksum, so that any later try goes on with it. */
export function partPathOf(folder: string, file: WantedFile): string {
  return join(folder, '.partial', file.sha256)
}
