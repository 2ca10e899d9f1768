// edge: talks to hubs over the network, to the disk
import { Refusal } from '../kernel/index.ts'
import type { Asking } from './ask-hub.ts'
import { refuse } from './errors.ts'
import { diskFull, fetchFile, partPathOf } from './fetch-file.ts'
import { RateMeter } from './measure-rate.ts'
import { pathsOf } from './measure-room.ts'
import type { DownloadNote, DownloadState, DownloadView, HubsOptions } from './types.ts'

export interface DownloadMeans {
  readonly options: HubsOptions
  readonly asking: Asking
  /** Runs work on one file: who wants the same file at the same time waits, until it is stopped. */
  readonly alone: <T>(sha256: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>
  readonly save: (note: DownloadNote) => Promise<void>
  /** Removes what a download brought. */
  readonly discard: (note: DownloadNote) => Promise<void>
  /** Refuses where the disk has no room to go on. */
  readonly demandRoom: () => Promise<void>
}

/** One download from its first byte to the model that answers. */
export class RunningDownload {
  readonly #means: DownloadMeans
  readonly #stop = new AbortController()
  readonly #rate = new RateMeter()
  #note: DownloadNote
  #done: number[]
  #verifiedBytes = 0
  #waitsFor: string | null = null

  constructor(means: DownloadMeans, note: DownloadNote) {
    this.#means = means
    this.#note = note
    this.#done = note.files.map(() => 0)
  }

  get note(): DownloadNote {
    return this.#note
  }

  get hasEnded(): boolean {
    return hasEnded(this.#note)
  }

  view(nowMs: number): DownloadView {
    const sum = this.#done.reduce((all, bytes) => all + bytes, 0)
    const { state, files } = this.#note
    const sizeBytes = files.reduce((all, file) => all + file.sizeBytes, 0)
    const isHere = state === 'done' || state === 'adding'
    const running = state === 'verifying' ? this.#verifiedBytes : sum
    return {
      ...this.#note,
      sizeBytes,
      doneBytes: isHere ? sizeBytes : running,
      bytesPerSecond: state === 'running' ? this.#rate.bytesPerSecond(nowMs) : null,
      waitsFor: state === 'running' ? this.#waitsFor : null,
    }
  }

  /** Runs to its end; never throws: how it ended stands in the note. */
  async run(): Promise<void> {
    try {
      await this.#become('running')
      for (const at of this.#note.files.keys()) await this.#fetch(at)
      await this.#become('adding')
      await this.#add()
    } catch (error) {
      await this.#fail(error)
    }
  }

  /** Ends it; `run` then returns. `keep`: it goes on after the next start. */
  stop(reason: 'cancel' | 'keep'): void {
    this.#stop.abort(
      reason === 'keep'
        ? refuse('hubs_interrupted', 'The market stopped. The next start goes on with it.')
        : CANCELLED,
    )
  }

  /** Ends one that does not run, and removes what it brought. */
  async giveUp(): Promise<void> {
    this.#note = { ...this.#note, ...this.#endIn('cancelled'), error: null }
    // First the files: where the disk is full, only then is there room for the note.
    await this.#means.discard(this.#note).catch((error: unknown) => {
      const { source } = this.#note
      this.#means.options.log.error({ source, reason: String(error) }, 'files could not be removed')
    })
    await this.#save()
  }

  async #fetch(at: number): Promise<void> {
    const { options, asking, alone, demandRoom } = this.#means
    const note = this.#note
    const file = note.files[at]
    if (file === undefined) return
    const before = note.files.slice(0, at).reduce((sum, each) => sum + each.sizeBytes, 0)
    const { signal } = this.#stop
    await alone(file.sha256, signal, () =>
      fetchFile({
        asking,
        hub: options.hubs[note.hub],
        note,
        file,
        partPath: partPathOf(options.folder, file),
        path: this.#paths[at] ?? this.#paths[0],
        hashFiles: options.hashFiles,
        signal,
        demandRoom,
        onBytes: (bytes) => {
          this.#note = { ...this.#note, state: 'running' }
          this.#done[at] = bytes
          this.#rate.note(before + bytes, options.nowMs())
        },
        onWait: (why) => {
          this.#waitsFor = why
        },
        onVerify: (bytes) => {
          this.#note = { ...this.#note, state: 'verifying' }
          this.#verifiedBytes = before + bytes
        },
      }),
    )
    this.#done[at] = file.sizeBytes
  }

  get #paths(): [string, ...string[]] {
    return pathsOf(this.#means.options.folder, this.#note)
  }

  async #add(): Promise<void> {
    const { modelName, licence, pageUrl, files } = this.#note
    const { signal } = this.#stop
    signal.throwIfAborted()
    const [path] = this.#paths
    const [only, second] = files
    const sha256 = second === undefined ? (only?.sha256 ?? null) : null
    const { catalog } = this.#means.options
    const added = await catalog
      .addFile({ path, sha256, modelName, licence, source: pageUrl, signal })
      .catch((error: unknown) => this.#sortRefusal(error))
    // These weights lay elsewhere already: one copy is enough.
    if (added.path !== null && added.path !== path) await this.#means.discard(this.#note)
    const end = { listingId: added.listingId, modelName: added.modelName, error: null }
    await this.#become('done', end)
  }

  /** What is no model is of no use to a later try. */
  async #sortRefusal(error: unknown): Promise<never> {
    if (!(error instanceof Refusal) || !NO_MODEL.has(error.code)) throw error
    await this.#means.discard(this.#note)
    throw refuse(
      'hubs_file_refused',
      `${error.message} It is what the hub says it is, and was removed: choose another file or repository.`,
      { cause: error },
    )
  }

  async #fail(error: unknown): Promise<void> {
    const { log } = this.#means.options
    if (this.#stop.signal.aborted && this.#stop.signal.reason !== CANCELLED) return
    if (this.#stop.signal.aborted) return this.giveUp()
    const refusal = error instanceof Refusal ? error : unexpected(error)
    const { source } = this.#note
    if (refusal.kind === 'internal')
      log.error({ source, reason: reasonOf(error) }, 'a download failed by a bug')
    else log.warn({ code: refusal.code, source, reason: refusal.message }, 'a download failed')
    await this.#become('failed', { error: { code: refusal.code, message: refusal.message } })
  }

  async #become(state: DownloadState, more: Partial<DownloadNote> = {}): Promise<void> {
    this.#note = { ...this.#note, ...more, ...this.#endIn(state) }
    await this.#save()
  }

  #endIn(state: DownloadState): Pick<DownloadNote, 'state' | 'endedAtMs'> {
    return { state, endedAtMs: hasEnded({ state }) ? this.#means.options.nowMs() : null }
  }

  async #save(): Promise<void> {
    try {
      await this.#means.save(this.#note)
    } catch (error) {
      // It goes on without its note; only a restart would not know of it.
      this.#means.options.log.warn({ reason: String(error) }, 'a download could not be noted')
    }
  }
}

const CANCELLED = new Error('cancelled')
/** The engine's words for files that are wrong themselves, wherever they lie. */
const NO_MODEL = new Set([
  'engine_file_not_gguf',
  'engine_file_version',
  'engine_file_truncated',
  'engine_file_damaged',
  'engine_file_split',
])

export function hasEnded({ state }: Pick<DownloadNote, 'state'>): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What the disk says is told; everything else is a bug of ours. */
function unexpected(error: unknown): Refusal {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error))
    return refuse('hubs_internal', 'Baimo failed. Its log holds the reason.', { cause: error })
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull(error)
  return refuse(
    'hubs_folder_unwritable',
    `The files cannot be kept (${error.message}). Mend that and give the same command again.`,
    { cause: error },
  )
}
