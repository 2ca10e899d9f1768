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

/** The models of this process: loaded when asked for, the longest unused unloaded for room. */
export interface ModelPool {
  register(model: RegisteredModel): void
  unregister(name: string): void
  /** Does `work` with the model in memory. Errors: engine_model_*, engine_file_*, engine_busy. */
  use<T>(name: string, signal: AbortSignal, work: (model: LoadedModel) => Promise<T>): Promise<T>
  names(): readonly string[]
  loadedModels(): readonly LoadedModel[]
  loadingNames(): readonly string[]
  close(): Promise<void>
}

export interface PoolOptions {
  readonly runtime: LlamaRuntime
  readonly limits: EngineLimits
  readonly clock: Clock
  readonly onChange: () => void
}

interface Entry {
  readonly spec: RegisteredModel
  loading: Promise<LoadedModel> | null
  loaded: LoadedModel | null
  bytes: number
  users: number
  lastUsedMs: number
  isRetired: boolean
}

const ROOM_RETRY_SECONDS = 5

/** Waits for `promise`, but not longer than the caller stays. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

export function openModelPool(options: PoolOptions): ModelPool {
  const { limits, clock, onChange } = options
  const entries = new Map<string, Entry>()
  const all = new Set<Entry>()
  let lastLoad: Promise<unknown> = Promise.resolve()
  let releaseWaiters: (() => void)[] = []

  const bytesInUse = () => [...all].reduce((sum, e) => sum + e.bytes, 0)
  const isIdle = (e: Entry) => e.loaded !== null && e.users === 0

  async function unload(entry: Entry) {
    const { loaded } = entry
    entry.loaded = null
    entry.loading = null
    if (entry.isRetired) all.delete(entry)
    await loaded?.dispose()
    entry.bytes = 0
    onChange()
  }

  const released = (waitMs: number) =>
    new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMs)
      releaseWaiters.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })

  /** Unloads idle models, the longest unused first, until `bytes` fit; waits for busy ones. */
  async function makeRoom(bytes: number) {
    const deadlineMs = clock.monotonicMs() + limits.queueWaitMs
    while (bytesInUse() + bytes > limits.memoryBytes) {
      const [oldest] = [...all].filter(isIdle).sort((a, b) => a.lastUsedMs - b.lastUsedMs)
      if (oldest !== undefined) await unload(oldest)
      else if (!(await released(Math.max(0, deadlineMs - clock.monotonicMs()))))
        throw refuse(
          'engine_busy',
          'The memory is taken by models that are answering. Try again.',
          {
            retryAfterSeconds: ROOM_RETRY_SECONDS,
          },
        )
    }
  }

  async function loadPlanned(entry: Entry, plan: ModelPlan): Promise<LoadedModel> {
    await makeRoom(plan.memory.bytes)
    entry.bytes = plan.memory.bytes
    const loaded = await loadModel(options.runtime, entry.spec, {
      plan,
      limits,
      monotonicMs: clock.monotonicMs,
    })
    entry.loaded = loaded
    onChange()
    return loaded
  }

  function load(entry: Entry): Promise<LoadedModel> {
    const mine = lastLoad.then(async () => loadPlanned(entry, await planModel(entry.spec, limits)))
    lastLoad = mine.catch(() => {
      entry.bytes = 0
      entry.loading = null // the next request tries again: the file may have been mended
      onChange()
    })
    entry.loading = mine
    onChange()
    return mine
  }

  function leave(entry: Entry) {
    entry.users--
    entry.lastUsedMs = clock.monotonicMs()
    if (entry.users > 0) return
    if (entry.isRetired) void unload(entry)
    const waiters = releaseWaiters
    releaseWaiters = []
    for (const wake of waiters) wake()
  }

  function unregister(name: string) {
    const entry = entries.get(name)
    if (entry === undefined) return
    entries.delete(name)
    entry.isRetired = true
    if (isIdle(entry)) void unload(entry)
    else if (entry.users === 0) all.delete(entry)
  }

  return {
    register(spec) {
      if (entries.get(spec.name)?.spec.path === spec.path) return
      unregister(spec.name)
      const entry: Entry = {
        spec,
        loading: null,
        loaded: null,
        bytes: 0,
        users: 0,
        lastUsedMs: 0,
        isRetired: false,
      }
      entries.set(spec.name, entry)
      all.add(entry)
    },
    unregister,
    async use(name, signal, work) {
      const entry = entries.get(name)
      if (entry === undefined)
        throw refuse('engine_model_unknown', `The engine has no model "${name}".`, {
          param: 'model',
        })
      entry.users++
      try {
        const loaded = entry.loaded ?? (await unlessAborted(entry.loading ?? load(entry), signal))
        return await work(loaded)
      } finally {
        leave(entry)
      }
    },
    names: () => [...entries.keys()],
    loadedModels: () => [...all].flatMap((e) => e.loaded ?? []),
    loadingNames: () =>
      [...all].filter((e) => e.loading !== null && e.loaded === null).map((e) => e.spec.name),
    async close() {
      for (const entry of all) await unload(entry)
    },
  }
}
