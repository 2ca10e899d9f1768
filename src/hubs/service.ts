import { mkdir, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newId } from '../kernel/index.ts'
import { type Asking, askForRepo } from './ask-hub.ts'
import { refuse } from './errors.ts'
import { pageUrlOf } from './explain-answer.ts'
import { partPathOf, sizeOf } from './fetch-file.ts'
import { chooseGroup, groupFiles } from './group-files.ts'
import { localPathOf } from './local-path.ts'
import { nameModel } from './name-model.ts'
import { readNotes, removeNote, writeNote } from './note-files.ts'
import { formatSource } from './parse-source.ts'
import { type DownloadMeans, RunningDownload } from './running-download.ts'
import type {
  DownloadNote,
  DownloadPlan,
  DownloadView,
  FetchTiming,
  FileGroup,
  HubServices,
  HubsOptions,
  Source,
  WantedFile,
} from './types.ts'

const TIMING: FetchTiming = {
  headersTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
  retryDelaysMs: [0, 500, 1_000, 2_000, 5_000, 10_000],
  longestPauseMs: 120_000,
}
/** Others of more would only share one line of the network. */
const MOST_AT_ONCE = 3
const MOST_ENDED_KEPT = 50
/** What a disk keeps for everything else: the database writes there, too. */
const RESERVE_BYTES = 256 * 1024 * 1024

/** Downloads of this home. What ran when the market last stopped goes on at once. */
export async function openHubs(options: HubsOptions): Promise<HubServices> {
  const downloads = new Downloads(options)
  await downloads.takeUp(await readNotes(options.folder))
  return downloads
}

class Downloads implements HubServices {
  readonly #options: HubsOptions
  readonly #asking: Asking
  readonly #means: DownloadMeans
  readonly #all = new Map<string, RunningDownload>()
  readonly #running = new Map<RunningDownload, Promise<void>>()
  readonly #waiting: RunningDownload[] = []
  readonly #turns = new Map<string, Promise<unknown>>()
  #isClosed = false

  constructor(options: HubsOptions) {
    this.#options = options
    const { download, nowMs } = options
    this.#asking = { download, nowMs, timing: { ...TIMING, ...options.timing } }
    this.#means = {
      options,
      asking: this.#asking,
      alone: (sha256, work) => this.#inTurn(sha256, work),
      save: (note) => writeNote(options.folder, note),
    }
  }

  async takeUp(notes: readonly DownloadNote[]): Promise<void> {
    const kept = notes.slice(-MOST_ENDED_KEPT)
    for (const note of notes.filter((each) => isEnded(each) && !kept.includes(each)))
      await removeNote(this.#options.folder, note.id)
    for (const note of notes.filter((each) => !isEnded(each) || kept.includes(each))) {
      const one = new RunningDownload(
        this.#means,
        isEnded(note) ? note : { ...note, state: 'waiting' },
      )
      this.#all.set(note.id, one)
      if (!isEnded(note) && !this.#options.isOffline) this.#enqueue(one)
    }
  }

  async plan(source: Source, name: string | null): Promise<DownloadPlan> {
    if (this.#options.isOffline)
      throw refuse(
        'hubs_offline',
        'BAIMO_OFFLINE is set, so nothing is downloaded. Start without it, or add a file that is here: baimo add ./model.gguf',
      )
    const { hubs, catalog } = this.#options
    const hub = hubs[source.hub]
    const repo = await askForRepo(this.#asking, hub, source)
    const groups = groupFiles(repo)
    const chosen = chooseGroup(groups, source)
    const [first] = chosen.files
    const plan = {
      source,
      pageUrl: pageUrlOf(hub, source),
      revision: repo.revision,
      licence: repo.licence?.slice(0, 200) ?? null,
      isGated: repo.isGated,
      chosen,
      groups,
      modelName: name ?? nameModel(source, chosen, groups),
      sameAs: chosen.files.length === 1 ? catalog.liveModelOf(first?.sha256 ?? '') : null,
    }
    return { ...plan, ...(await this.#room(source, chosen)) }
  }

  async start(source: Source, name: string | null): Promise<DownloadView> {
    const plan = await this.plan(source, name)
    const there = this.#joinable(plan)
    if (there !== undefined) return this.#view(there)
    if (name !== null && plan.sameAs === null && this.#options.catalog.isTaken(name))
      throw refuse('hubs_name_taken', `Another model is called ${name}: choose another --name.`, {
        param: 'name',
      })
    if (!plan.hasRoom)
      throw refuse(
        'hubs_disk_full',
        `${plan.chosen.name} needs ${megabytes(plan.missingBytes)} more, and ${megabytes(plan.freeBytes)} are free (${megabytes(RESERVE_BYTES)} of them stay so). Make room, choose a smaller quantisation, or set BAIMO_HOME to a larger disk.`,
      )
    const one = new RunningDownload(this.#means, this.#noteOf(plan, name))
    this.#all.set(one.note.id, one)
    await this.#means.save(one.note).catch((error: unknown) => {
      this.#all.delete(one.note.id)
      throw refuse(
        'hubs_folder_unwritable',
        `${this.#options.folder} cannot be written. Give this user write access to it.`,
        {
          cause: error,
        },
      )
    })
    this.#enqueue(one)
    return this.#view(one)
  }

  list(): readonly DownloadView[] {
    return [...this.#all.values()].map((one) => this.#view(one))
  }

  get(id: string): DownloadView {
    return this.#view(this.#find(id))
  }

  async cancel(id: string): Promise<DownloadView> {
    const one = this.#find(id)
    if (isEnded(one.note) && one.note.state !== 'failed')
      throw refuse(
        'hubs_download_ended',
        `The download has ended (${one.note.state}). There is nothing to cancel.`,
      )
    const at = this.#waiting.indexOf(one)
    if (at !== -1) this.#waiting.splice(at, 1)
    one.stop('cancel')
    // One that waits, or failed and is not wanted any more, ends by running into its stop.
    await (this.#running.get(one) ?? one.run())
    if (one.note.state === 'cancelled') await this.#removeFiles(one.note)
    return this.#view(one)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting.length = 0
    for (const one of this.#running.keys()) one.stop('keep')
    await Promise.all(this.#running.values())
  }

  #view(one: RunningDownload): DownloadView {
    const view = one.view(this.#options.nowMs())
    const isHeld = this.#options.isOffline && view.state === 'waiting'
    return isHeld ? { ...view, waitsFor: 'BAIMO_OFFLINE is set' } : view
  }

  #find(id: string): RunningDownload {
    const one = this.#all.get(id)
    if (one !== undefined) return one
    throw refuse('hubs_download_unknown', 'No download has that id. List them first.')
  }

  /** The download of the same files that has not ended. */
  #joinable(plan: DownloadPlan): RunningDownload | undefined {
    const wanted = plan.chosen.files.map(({ sha256 }) => sha256).join()
    return [...this.#all.values()].find(
      ({ note }) => !isEnded(note) && note.files.map(({ sha256 }) => sha256).join() === wanted,
    )
  }

  #noteOf(plan: DownloadPlan, name: string | null): DownloadNote {
    const { source, pageUrl, revision, licence, modelName } = plan
    const mark = plan.chosen.files[0]?.sha256?.slice(0, 8) ?? ''
    const isFree =
      name !== null || plan.sameAs !== null || !this.#options.catalog.isTaken(modelName)
    return {
      id: newId(),
      source: formatSource(source),
      hub: source.hub,
      publisher: source.publisher,
      repo: source.repo,
      pageUrl,
      revision,
      licence,
      modelName: isFree ? modelName : `${modelName}@${mark}`,
      files: wantedFiles(plan.chosen),
      startedAtMs: this.#options.nowMs(),
      state: 'waiting',
      endedAtMs: null,
      error: null,
      listingId: null,
    }
  }

  #enqueue(one: RunningDownload): void {
    this.#waiting.push(one)
    this.#advance()
  }

  #advance(): void {
    while (!this.#isClosed && this.#running.size < MOST_AT_ONCE) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      const ended = next.run().finally(() => {
        this.#running.delete(next)
        this.#advance()
      })
      this.#running.set(next, ended)
    }
  }

  /** Work on the same file goes one after the other, whichever downloads want it. */
  async #inTurn<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(sha256) ?? Promise.resolve()
    const mine = before.then(work, work)
    const settled = mine.catch(() => undefined)
    this.#turns.set(sha256, settled)
    try {
      return await mine
    } finally {
      if (this.#turns.get(sha256) === settled) this.#turns.delete(sha256)
    }
  }

  async #room(
    source: Source,
    chosen: FileGroup,
  ): Promise<Pick<DownloadPlan, 'missingBytes' | 'freeBytes' | 'hasRoom'>> {
    const { folder } = this.#options
    let missingBytes = 0
    for (const file of wantedFiles(chosen)) {
      const at = { hub: source.hub, publisher: source.publisher, repo: source.repo }
      const whole = join(folder, localPathOf(at, wantedFiles(chosen), file))
      const hereBytes = Math.max(await sizeOf(whole), await sizeOf(partPathOf(folder, file)))
      missingBytes += Math.max(0, file.sizeBytes - hereBytes)
    }
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => {
      // Told when it is written.
    })
    const { bavail, bsize } = await statfs(folder).catch(() => statfs(dirname(folder)))
    const freeBytes = bavail * bsize
    return { missingBytes, freeBytes, hasRoom: missingBytes + RESERVE_BYTES <= freeBytes }
  }

  /** What a cancelled download brought; not what another one of the same file still wants. */
  async #removeFiles(note: DownloadNote): Promise<void> {
    const { folder } = this.#options
    const others = [...this.#all.values()].filter((one) => !isEnded(one.note))
    for (const file of note.files) {
      if (others.some((one) => one.note.files.some(({ sha256 }) => sha256 === file.sha256)))
        continue
      await rm(partPathOf(folder, file), { force: true })
      await rm(`${partPathOf(folder, file)}.etag`, { force: true })
    }
  }
}

function isEnded({ state }: DownloadNote): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

function wantedFiles(group: FileGroup): WantedFile[] {
  return group.files.flatMap(({ sha256, ...file }) =>
    sha256 === null ? [] : [{ ...file, sha256 }],
  )
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString('en')} MB`
}
