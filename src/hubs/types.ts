import type { ListingId, Log } from '../kernel/index.ts'
import type { Download } from '../providers/index.ts'

export const HUB_KINDS = ['hf', 'ms'] as const
/** `hf`: Hugging Face; `ms`: ModelScope. Either may be a mirror that speaks the same. */
export type HubKind = (typeof HUB_KINDS)[number]

/** A hub as it is known: data, so that a new host needs no code. */
export interface HubPreset {
  readonly kind: HubKind
  /** As people write it. */
  readonly title: string
  /** Where it answers unless a setting says otherwise; without a trailing slash. */
  readonly endpoint: string
  /** The setting that names a mirror. */
  readonly endpointSetting: string
  /** The setting that holds a token. */
  readonly tokenSetting: string
  /**
   * Hosts that it hands files out from, besides its own: `*.name` is every host below it, a `*`
   * within a label any letters, digits and hyphens.
   */
  readonly fileHosts: readonly string[]
}

/** A hub as this market reaches it. */
export interface Hub extends HubPreset {
  /** Whether the operator named the endpoint: then it may be inside. */
  readonly isEndpointSet: boolean
  /** Secret. Null: none is set. */
  readonly token: string | null
  /** Hosts that the operator allows redirects to, in the form of `fileHosts`. */
  readonly allowedHosts: readonly string[]
}

export type Hubs = Readonly<Record<HubKind, Hub>>

/** What somebody asks for: `hf:ORG/REPO[:QUANT or FILE]`. */
export interface Source {
  readonly hub: HubKind
  readonly publisher: string
  readonly repo: string
  /** A quantisation or a file of the repository; null: the usual one. */
  readonly wish: string | null
}

/** A file of a repository, as its hub tells. */
export interface HubFile {
  /** Below the root of the repository, with `/`. Whatever the hub says: never a path of ours. */
  readonly path: string
  readonly sizeBytes: number
  /** In lower-case hexadecimal; null: the hub does not tell. */
  readonly sha256: string | null
}

export interface HubRepo {
  /** What files are fetched at: a commit where the hub tells one, so that they fit together. */
  readonly revision: string
  /** As the hub says it; null: it does not. */
  readonly licence: string | null
  /** Whether its terms must be accepted on the hub's pages. */
  readonly isGated: boolean
  readonly files: readonly HubFile[]
}

/** Files that are one model: one, or the parts of a split one in their order. */
export interface FileGroup {
  /** In capitals, such as `Q4_K_M`; null: the name does not say. */
  readonly quantisation: string | null
  /** Of the first file, without its folder. */
  readonly name: string
  readonly sizeBytes: number
  readonly files: readonly HubFile[]
}

/** What a hub offers for a source: what a download would bring. */
export interface DownloadOffer {
  /** As `hf:ORG/REPO:QUANT`. */
  readonly source: Source
  /** Where people read about it. */
  readonly pageUrl: string
  readonly revision: string
  readonly licence: string | null
  readonly isGated: boolean
  readonly chosen: FileGroup
  /** All there is, the chosen one included. */
  readonly groups: readonly FileGroup[]
  /** What the model will be called here, as the catalog writes it. */
  readonly modelName: string
  /** Bytes still to come, without those that an earlier try brought. */
  readonly missingBytes: number
  /** Free on the disk of the home. */
  readonly freeBytes: number
  /** Bytes that downloads which run or wait are still to bring. */
  readonly promisedBytes: number
  /** Whether what is missing fits beside what is promised, and leaves room for everything else. */
  readonly hasRoom: boolean
  /** The live model that is these very files already; null: none. */
  readonly sameAs: string | null
}

export type DownloadState =
  | 'waiting'
  | 'running'
  | 'verifying'
  | 'adding'
  | 'done'
  | 'failed'
  | 'cancelled'

/** A file to fetch, with its checksum: nothing is fetched without one. */
export interface WantedFile extends HubFile {
  readonly sha256: string
}

/** What is kept of a download, so that it goes on after a restart. Holds no secret. */
export interface DownloadNote {
  readonly id: string
  readonly source: string
  readonly hub: HubKind
  readonly publisher: string
  readonly repo: string
  readonly pageUrl: string
  readonly revision: string
  readonly licence: string | null
  readonly modelName: string
  readonly files: readonly WantedFile[]
  readonly startedAtMs: number
  readonly state: DownloadState
  readonly endedAtMs: number | null
  readonly error: { readonly code: string; readonly message: string } | null
  /** Null: not added yet. */
  readonly listingId: string | null
}

/** A download as it stands. */
export interface DownloadView extends DownloadNote {
  readonly sizeBytes: number
  /** Bytes that are here, those of earlier tries included; while it verifies, bytes verified. */
  readonly doneBytes: number
  /** Of the last seconds; null: not known yet, or nothing comes now. */
  readonly bytesPerSecond: number | null
  /** Why nothing comes now, in words; null: it comes. */
  readonly waitsFor: string | null
}

/** What hubs need of the catalog; `main` gives it. */
export interface HubCatalog {
  /** The name of the live model that has these weights or lies there; null: there is none. */
  liveModelOf(file: { readonly sha256: string | null; readonly path: string }): string | null
  /** What a model would be called that is wished to be called so, and whether that is free. */
  nameWished(wish: string): { readonly name: string; readonly isFree: boolean }
  /** Whether a listing, on or off, is of the file at this path. */
  isListed(path: string): boolean
  /** Adds the file under a name, on at once, with its licence as a fact. */
  addFile(file: AddedFile): Promise<{
    readonly listingId: ListingId
    readonly modelName: string
    readonly path: string | null
  }>
}

export interface AddedFile {
  readonly path: string
  /** Null: a split model, whose hash nobody tells. */
  readonly sha256: string | null
  readonly modelName: string
  readonly licence: string | null
  /** Where the licence was read. */
  readonly source: string
  /** Ends it as long as nothing is added. */
  readonly signal: AbortSignal
}

export interface HubsOptions {
  readonly hubs: Hubs
  /** `$BAIMO_HOME/models`, made when it is needed. */
  readonly folder: string
  readonly download: Download
  readonly catalog: HubCatalog
  /** The SHA-256 of files, in lower-case hexadecimal, without holding this thread. */
  readonly hashFiles: HashFiles
  /** Room on the disk below which the database writes nothing. */
  readonly diskReserveBytes: number
  readonly isOffline: boolean
  readonly log: Log
  readonly nowMs: () => number
  readonly timing?: Partial<FetchTiming>
}

export type HashFiles = (
  paths: readonly string[],
  wish?: { readonly onBytes?: (doneBytes: number) => void; readonly signal?: AbortSignal },
) => Promise<string>

/** How long what may take. */
export interface FetchTiming {
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Waits between tries that brought nothing; their number is how often it is tried again. */
  readonly retryDelaysMs: readonly number[]
  /** A hub that asks for a longer pause is not waited for. */
  readonly longestPauseMs: number
}

export interface HubServices {
  /** Looks and begins nothing. Refuses with `hubs_name_taken` where a wished name is. */
  offer(source: Source, name: string | null): Promise<DownloadOffer>
  /** Begins, or joins the one of the same files that runs. */
  start(source: Source, name: string | null): Promise<DownloadView>
  list(): readonly DownloadView[]
  /** Refuses with `hubs_download_unknown`. */
  get(id: string): DownloadView
  /** Ends it, or gives up one that failed, and removes what it brought. Refuses of others. */
  cancel(id: string): Promise<DownloadView>
  /** Stops what runs and keeps what came: the next start goes on. */
  close(): Promise<void>
}
