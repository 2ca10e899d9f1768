import { newId } from '../kernel/index.ts'
import { type Asking, askForRepo } from './ask-hub.ts'
import { refuse } from './errors.ts'
import { pageUrlOf } from './explain-answer.ts'
import { diskFull } from './fetch-file.ts'
import { chooseGroup, groupFiles } from './group-files.ts'
import { freeBytesOf, missingOf, pathsOf, type WantedFiles } from './measure-room.ts'
import { nameModel } from './name-model.ts'
import { readNotes, removeNote, writeNote } from './note-files.ts'
import { formatSource } from './parse-source.ts'
import { removeFiles } from './remove-files.ts'
import { type DownloadMeans, hasEnded, RunningDownload } from './running-download.ts'
import { Turns } from './take-turns.ts'
import type {
  DownloadNote,
  DownloadOffer,
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
/** What stays free beside the database's reserve when a download begins … */
const SPARE_BYTES = 192 * 1024 * 1024
/** … and as long as it runs: several may write between two looks. */
const LAST_BYTES = 64 * 1024 * 1024

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
  readonly #turns = new Turns()
  #isClosed = false

  constructor(options: HubsOptions) {
    this.#options = options
    const { download, nowMs } = options
    this.#asking = { download, nowMs, timing: { ...TIMING, ...options.timing } }
    this.#means = {
      options,
      asking: this.#asking,
      alone: (sha256, signal, work) => this.#turns.take(sha256, work, signal),
      save: (note) => writeNote(options.folder, note),
      discard: (note) => this.#discard(note, (other) => !hasEnded(other)),
      demandRoom: () => this.#demandRoom(),
    }
  }

  async takeUp(notes: readonly DownloadNote[]): Promise<void> {
    for (const note of notes) {
      const one = new RunningDownload(
        this.#means,
        hasEnded(note) ? note : { ...note, state: 'waiting' },
      )
      this.#all.set(note.id, one)
    }
    await this.#trim()
    if (this.#options.isOffline) return
    for (const one of this.#all.values()) if (!one.hasEnded) this.#enqueue(one)
  }

  async offer(source: Source, name: string | null): Promise<DownloadOffer> {
    if (this.#options.isOffline)
      throw refuse(
        'hubs_offline',
        'BAIMO_OFFLINE is set, so nothing is downloaded. Start without it, or add a file that is here: baimo add ./model.gguf',
      )
    const hub = this.#options.hubs[source.hub]
    const repo = await askForRepo(this.#asking, hub, source)
    const groups = groupFiles(repo)
    const chosen = chooseGroup(groups, source)
    const wanted = wantedOf(source, chosen)
    const sameAs = this.#sameAs(wanted)
    return {
      source,
      pageUrl: pageUrlOf(hub, source),
      revision: repo.revision,
      licence: repo.licence,
      isGated: repo.isGated,
      chosen,
      groups,
      modelName:
        sameAs ?? this.#freeName(wanted, { name, usual: nameModel(source, chosen, groups) }),
      sameAs,
      ...(await this.#room(wanted)),
    }
  }

  async start(source: Source, name: string | null): Promise<DownloadView> {
    const offer = await this.offer(source, name)
    // One after the other: each counts what those before it are still to bring.
    return this.#turns.take('start', () => this.#begin(offer, name))
  }

  async #begin(offer: DownloadOffer, name: string | null): Promise<DownloadView> {
    const wanted = wantedOf(offer.source, offer.chosen)
    const there = this.#joinable(wanted)
    if (there !== undefined) return this.#view(there)
    const modelName = offer.sameAs ?? this.#freeName(wanted, { name, usual: offer.modelName })
    const room = await this.#room(wanted)
    if (!room.hasRoom) throw this.#noRoom(offer.chosen.name, room)
    const one = new RunningDownload(this.#means, this.#noteOf(offer, { wanted, modelName }))
    this.#all.set(one.note.id, one)
    await this.#means.save(one.note).catch((error: unknown) => {
      this.#all.delete(one.note.id)
      throw refuse(
        'hubs_folder_unwritable',
        `${this.#options.folder} cannot be written. Give this user write access to it.`,
        { cause: error },
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
    if (one.hasEnded && one.note.state !== 'failed')
      throw refuse(
        'hubs_download_ended',
        `The download has ended (${one.note.state}). There is nothing to cancel.`,
      )
    const at = this.#waiting.indexOf(one)
    if (at !== -1) this.#waiting.splice(at, 1)
    one.stop('cancel')
    // One that runs ends by itself; one that waits or failed is ended here.
    await this.#running.get(one)
    if (one.note.state === 'waiting' || one.note.state === 'failed') await one.giveUp()
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

  /** The model that is these very files already. Only the hash of a single file is its weights'. */
  #sameAs(wanted: WantedFiles): string | null {
    const { folder, catalog } = this.#options
    const [path, second] = pathsOf(folder, wanted)
    const sha256 = second === undefined ? (wanted.files[0]?.sha256 ?? null) : null
    return catalog.liveModelOf({ sha256, path })
  }

  /** As the catalog writes it. A person's own name must be free; the usual one is made so. */
  #freeName(
    wanted: WantedFiles,
    { name, usual }: { readonly name: string | null; readonly usual: string },
  ): string {
    const named = this.#options.catalog.nameWished(name ?? usual)
    const key = named.name.toLowerCase()
    const isPromised = this.#live().some(
      ({ note }) => note.modelName.toLowerCase() === key && !isSame(note, wanted),
    )
    if (named.isFree && !isPromised) return named.name
    if (name !== null)
      throw refuse(
        'hubs_name_taken',
        `Another model is called ${named.name}: choose another --name.`,
        { param: 'name' },
      )
    const mark = wanted.files[0]?.sha256.slice(0, 8) ?? ''
    return this.#options.catalog.nameWished(`${usual}@${mark}`).name
  }

  #live(): RunningDownload[] {
    return [...this.#all.values()].filter((one) => !one.hasEnded)
  }

  /** The download of the same files that has not ended. */
  #joinable(wanted: WantedFiles): RunningDownload | undefined {
    return this.#live().find(({ note }) => isSame(note, wanted))
  }

  #noteOf(
    offer: DownloadOffer,
    { wanted, modelName }: { readonly wanted: WantedFiles; readonly modelName: string },
  ): DownloadNote {
    const { source, pageUrl, revision, licence } = offer
    return {
      ...wanted,
      id: newId(),
      source: formatSource(source),
      pageUrl,
      revision,
      licence,
      modelName,
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
        return this.#trim()
      })
      this.#running.set(next, ended)
    }
  }

  /** Of those that ended, the last are kept; of a failed one that goes, nothing stays behind. */
  async #trim(): Promise<void> {
    const ended = [...this.#all.values()].filter((one) => one.hasEnded)
    for (const { note } of ended.slice(0, Math.max(0, ended.length - MOST_ENDED_KEPT))) {
      this.#all.delete(note.id)
      try {
        if (note.state === 'failed')
          await this.#discard(note, ({ state }) => state !== 'done' && state !== 'cancelled')
        await removeNote(this.#options.folder, note.id)
      } catch (error) {
        this.#options.log.warn({ reason: String(error) }, 'an old download could not be removed')
      }
    }
  }

  async #room(
    wanted: WantedFiles,
  ): Promise<Pick<DownloadOffer, 'missingBytes' | 'freeBytes' | 'promisedBytes' | 'hasRoom'>> {
    const { folder } = this.#options
    const mine = await missingOf(folder, wanted)
    const promised = new Map<string, number>()
    for (const { note } of this.#live())
      for (const [sha256, bytes] of await missingOf(folder, note))
        if (!mine.has(sha256)) promised.set(sha256, bytes)
    const missingBytes = sum(mine.values())
    const promisedBytes = sum(promised.values())
    const freeBytes = await freeBytesOf(folder)
    const hasRoom = missingBytes + promisedBytes + this.#keptFreeBytes <= freeBytes
    return { missingBytes, promisedBytes, freeBytes, hasRoom }
  }

  get #keptFreeBytes(): number {
    return this.#options.diskReserveBytes + SPARE_BYTES
  }

  #noRoom(name: string, room: Pick<DownloadOffer, 'missingBytes' | 'freeBytes' | 'promisedBytes'>) {
    const promised =
      room.promisedBytes === 0
        ? ''
        : `; downloads that run or wait need ${megabytes(room.promisedBytes)} of them`
    return refuse(
      'hubs_disk_full',
      `${name} needs ${megabytes(room.missingBytes)} more, and ${megabytes(room.freeBytes)} are free (${megabytes(this.#keptFreeBytes)} of them stay so${promised}). Make room, choose a smaller quantisation, or set BAIMO_HOME to a larger disk.`,
    )
  }

  /** Others write to the disk, too: what fitted at the beginning may fit no more. */
  async #demandRoom(): Promise<void> {
    const { folder, diskReserveBytes } = this.#options
    if ((await freeBytesOf(folder)) < diskReserveBytes + LAST_BYTES) throw diskFull(null)
  }

  #discard(note: DownloadNote, wants: (other: DownloadNote) => boolean): Promise<void> {
    const { folder, catalog } = this.#options
    const others = [...this.#all.values()]
      .map((one) => one.note)
      .filter((other) => other.id !== note.id && wants(other))
    return removeFiles(folder, note, { others, isListed: catalog.isListed })
  }
}

function isSame(one: WantedFiles, other: WantedFiles): boolean {
  const keyOf = ({ files }: WantedFiles) => files.map(({ sha256 }) => sha256).join()
  return keyOf(one) === keyOf(other)
}

function wantedOf({ hub, publisher, repo }: Source, group: FileGroup): WantedFiles {
  const files = group.files.flatMap(({ sha256, ...file }): WantedFile[] =>
    sha256 === null ? [] : [{ ...file, sha256 }],
  )
  return { hub, publisher, repo, files }
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((all, each) => all + each, 0)
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString('en')} MB`
}
