// edge: talks to hubs over the network, to the disk
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../kernel/index.ts'
import type { Asking } from './ask-hub.ts'
import { refuse } from './errors.ts'
import { fetchFile, partPathOf } from './fetch-file.ts'
import { localPathOf } from './local-path.ts'
import { RateMeter } from './measure-rate.ts'
import type { DownloadNote, DownloadState, DownloadView, HubsOptions } from './types.ts'

export interface DownloadMeans {
  readonly options: HubsOptions
  readonly asking: Asking
  /** Runs work on one file: who wants the same file at the same time waits. */
  readonly alone: <T>(sha256: string, work: () => Promise<T>) => Promise<T>
  readonly save: (note: DownloadNote) => Promise<void>
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

  async #fetch(at: number): Promise<void> {
    const { options, asking, alone } = this.#means
    const note = this.#note
    const file = note.files[at]
    if (file === undefined) return
    const before = note.files.slice(0, at).reduce((sum, each) => sum + each.sizeBytes, 0)
    await alone(file.sha256, () =>
      fetchFile({
        asking,
        hub: options.hubs[note.hub],
        note,
        file,
        partPath: partPathOf(options.folder, file),
        path: this.#pathOf(at),
        signal: this.#stop.signal,
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

  #pathOf(at: number): string {
    const { files } = this.#note
    const file = files[at]
    if (file === undefined) throw new Error('hubs: a download has at least one file')
    return join(this.#means.options.folder, localPathOf(this.#note, files, file))
  }

  async #add(): Promise<void> {
    const { modelName, licence, pageUrl } = this.#note
    this.#stop.signal.throwIfAborted()
    const path = this.#pathOf(0)
    const added = await this.#means.options.catalog.addFile({
      path,
      modelName,
      licence,
      source: pageUrl,
    })
    // These weights lay elsewhere already: one copy is enough.
    if (added.path !== null && added.path !== path) await this.#removeFiles()
    const end = { listingId: added.listingId, modelName: added.modelName, error: null }
    await this.#become('done', end)
  }

  async #removeFiles(): Promise<void> {
    for (const at of this.#note.files.keys()) await rm(this.#pathOf(at), { force: true })
  }

  async #fail(error: unknown): Promise<void> {
    const { log } = this.#means.options
    if (this.#stop.signal.aborted && this.#stop.signal.reason !== CANCELLED) return
    if (this.#stop.signal.aborted) return this.#become('cancelled', { error: null })
    const refusal = error instanceof Refusal ? error : unexpected(error)
    log.warn(
      { code: refusal.code, source: this.#note.source, reason: refusal.message },
      'a download failed',
    )
    await this.#become('failed', { error: { code: refusal.code, message: refusal.message } })
  }

  async #become(state: DownloadState, more: Partial<DownloadNote> = {}): Promise<void> {
    const hasEnded = ['done', 'failed', 'cancelled'].includes(state)
    const endedAtMs = hasEnded ? this.#means.options.nowMs() : null
    this.#note = { ...this.#note, ...more, state, endedAtMs }
    try {
      await this.#means.save(this.#note)
    } catch (error) {
      // It goes on without its note; only a restart would not know of it.
      this.#means.options.log.warn({ reason: String(error) }, 'a download could not be noted')
    }
  }
}

const CANCELLED = new Error('cancelled')

function unexpected(error: unknown): Refusal {
  const reason = error instanceof Error ? error.message : String(error)
  return refuse(
    'hubs_folder_unwritable',
    `The files cannot be kept (${reason}). Mend that and give the same command again.`,
    {
      cause: error,
    },
  )
}
