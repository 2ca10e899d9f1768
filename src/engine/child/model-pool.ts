// edge: loads and unloads models, and waits for room.
import type { Clock } from '../../kernel/index.ts'
import { refuse } from '../errors.ts'
import type { EngineLimits, RegisteredModel } from '../types.ts'
import {
  type LlamaRuntime,
  type LoadedModel,
  loadModel,
  type ModelPlan,
  planModel,
} from './loaded-model.ts'

export interface PoolOptions {
  readonly runtime: LlamaRuntime
  readonly limits: EngineLimits
  readonly clock: Clock
  readonly onChange: () => void
  /** Told what nobody waits for. */
  readonly onFailure: (error: unknown) => void
}

interface Entry {
  readonly spec: RegisteredModel
  loading: Promise<LoadedModel> | null
  loaded: LoadedModel | null
  /** What it takes of the memory; 0: nothing yet. */
  bytes: number
  /** Requests that want it in memory. */
  users: number
  lastUsedMs: number
  /** No longer registered: leaves the memory with its last user. */
  isRetired: boolean
}

const ROOM_RETRY_SECONDS = 5

const isIdle = (entry: Entry) => entry.loaded !== null && entry.users === 0

/** Waits for `promise`, but not longer than the caller stays. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** The models of this process: loaded when asked for, the longest unused unloaded for room. */
export class ModelPool {
  readonly #options: PoolOptions
  readonly #registered = new Map<string, Entry>()
  /** Those registered, and those retired whose last users are still there. */
  readonly #entries = new Set<Entry>()
  /** Models are loaded one after another, so that each knows how much room is left. */
  #lastLoad: Promise<unknown> = Promise.resolve()
  #roomWaiters: (() => void)[] = []

  constructor(options: PoolOptions) {
    this.#options = options
  }

  register(spec: RegisteredModel): void {
    const known = this.#registered.get(spec.name)?.spec
    if (known?.path === spec.path && known.refusal === spec.refusal) return
    this.unregister(spec.name)
    const state = { loading: null, loaded: null, bytes: 0, users: 0, lastUsedMs: 0 }
    const entry: Entry = { spec, ...state, isRetired: false }
    this.#registered.set(spec.name, entry)
    this.#entries.add(entry)
  }

  unregister(name: string): void {
    const entry = this.#registered.get(name)
    if (entry === undefined) return
    this.#registered.delete(name)
    entry.isRetired = true
    if (isIdle(entry)) void this.#unload(entry)
    else if (entry.users === 0 && entry.loading === null) this.#entries.delete(entry)
  }

  /** Does `work` with the model in memory. Errors: engine_model_*, engine_file_*, engine_busy. */
  async use<T>(
    name: string,
    signal: AbortSignal,
    work: (model: LoadedModel) => Promise<T>,
  ): Promise<T> {
    const entry = this.#registered.get(name)
    if (entry === undefined)
      throw refuse('engine_model_unknown', `The engine has no model "${name}".`, {
        param: 'model',
      })
    if (entry.spec.refusal !== undefined)
      throw refuse('engine_model_unloadable', entry.spec.refusal)
    entry.users++
    try {
      const loading = entry.loading ?? this.#load(entry)
      return await work(entry.loaded ?? (await unlessAborted(loading, signal)))
    } finally {
      this.#leave(entry)
    }
  }

  names(): readonly string[] {
    return [...this.#registered.keys()]
  }

  loadedModels(): readonly LoadedModel[] {
    return [...this.#entries].flatMap((e) => e.loaded ?? [])
  }

  loadingNames(): readonly string[] {
    const isLoading = (e: Entry) => e.loading !== null && e.loaded === null
    return [...this.#entries].filter(isLoading).map((e) => e.spec.name)
  }

  async close(): Promise<void> {
    for (const entry of this.#entries) await this.#unload(entry)
  }

  #load(entry: Entry): Promise<LoadedModel> {
    const { limits, onChange } = this.#options
    const mine = this.#lastLoad.then(async () =>
      this.#loadPlanned(entry, await planModel(entry.spec, limits)),
    )
    this.#lastLoad = mine.catch(() => {
      entry.bytes = 0
      entry.loading = null // the next request tries again: the file may have been mended
      if (entry.isRetired) this.#entries.delete(entry)
      onChange()
    })
    entry.loading = mine
    onChange()
    return mine
  }

  async #loadPlanned(entry: Entry, plan: ModelPlan): Promise<LoadedModel> {
    const { runtime, limits, clock, onChange } = this.#options
    await this.#makeRoom(plan.memory.bytes)
    entry.bytes = plan.memory.bytes
    const { monotonicMs } = clock
    const loaded = await loadModel(runtime, entry.spec, { plan, limits, monotonicMs })
    entry.loaded = loaded
    onChange()
    if (entry.isRetired && entry.users === 0) await this.#unload(entry) // all who asked are gone
    return loaded
  }

  /** Unloads idle models, the longest unused first, until `bytes` fit; waits for busy ones. */
  async #makeRoom(bytes: number): Promise<void> {
    const { limits, clock } = this.#options
    const deadlineMs = clock.monotonicMs() + limits.queueWaitMs
    while (this.#bytesInUse() + bytes > limits.memoryBytes) {
      const idle = [...this.#entries].filter(isIdle)
      const [oldest] = idle.sort((a, b) => a.lastUsedMs - b.lastUsedMs)
      if (oldest !== undefined) await this.#unload(oldest)
      else if (!(await this.#someoneLeft(deadlineMs - clock.monotonicMs())))
        throw refuse(
          'engine_busy',
          'The memory is taken by models that are answering. Try again.',
          { retryAfterSeconds: ROOM_RETRY_SECONDS },
        )
    }
  }

  #bytesInUse(): number {
    return [...this.#entries].reduce((sum, e) => sum + e.bytes, 0)
  }

  /** Whether a model became idle before the time is over. */
  #someoneLeft(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, waitMs))
      this.#roomWaiters.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  #leave(entry: Entry): void {
    entry.users--
    entry.lastUsedMs = this.#options.clock.monotonicMs()
    if (entry.users > 0) return
    if (entry.isRetired) void this.#unload(entry)
    const waiters = this.#roomWaiters
    this.#roomWaiters = []
    for (const wake of waiters) wake()
  }

  async #unload(entry: Entry): Promise<void> {
    const { loaded } = entry
    entry.loaded = null
    entry.loading = null
    await loaded?.dispose().catch(this.#options.onFailure)
    entry.bytes = 0 // no new load of it runs yet: loads wait for each other, and for this
    if (entry.isRetired) this.#entries.delete(entry)
    this.#options.onChange()
  }
}
