// edge: starts a child process.
import { rmSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { type Clock, type Log, systemClock } from '../kernel/index.ts'
import { chooseSocket } from './choose-socket.ts'
import { findEngine } from './find-engine.ts'
import { type GgufFacts, type InspectOptions, inspectFile } from './inspect-file.ts'
import { hashHere } from './open-hasher.ts'
import { Supervisor } from './supervise-child.ts'
import type { EngineLimits, EngineState, HashFiles, RegisteredModel } from './types.ts'

export interface EngineOptions {
  /** The folder with the engine's package.json and node_modules. */
  readonly engineFolder: string
  /** The child's entry file. */
  readonly childPath: string
  /** An existing private folder for the socket. */
  readonly runFolder: string
  readonly log: Log
  readonly clock?: Clock
  /** Bounds to set; the others are as `defaultLimits` says. */
  readonly limits?: Partial<EngineLimits>
  /** How files are hashed; absent: in this thread. */
  readonly hashFiles?: HashFiles
}

/** Models of files on this machine, run by a child process. */
export interface Engine {
  /** Where the child listens, speaking OpenAI's dialect. Nobody listens while it is not ready. */
  readonly socketPath: string
  state(): EngineState
  /** Resolves when requests can be sent, or at once where the engine is absent or closed. */
  whenReady(): Promise<void>
  /** Makes a file answer under a name. The file is read when it is first asked for. */
  register(model: RegisteredModel): void
  unregister(name: string): void
  /** The facts of a model file. Works without an engine. Errors: engine_file_*. */
  inspect(path: string, options?: InspectOptions): Promise<GgufFacts>
  /** Ends the child. Idempotent. */
  close(): Promise<void>
}

const MAX_LOAD_CRASHES = 2

/** Memory this process may use: the machine's, or less where a container says so. */
function machineBytes(): number {
  const constrained = process.constrainedMemory()
  const total = totalmem()
  return constrained > 0 && constrained < total ? constrained : total
}

/** Half the memory, all cores but one, four requests at a time, 64 more in line for 30 seconds. */
export function defaultLimits(): EngineLimits {
  return {
    memoryBytes: Math.floor(machineBytes() / 2),
    threads: Math.max(1, availableParallelism() - 1),
    sequences: 4,
    contextTokens: 8_192,
    queueLength: 64,
    queueWaitMs: 30_000,
  }
}

function absentEngine(
  socketPath: string,
  { reason, inspect }: Pick<Engine, 'inspect'> & { readonly reason: string },
): Engine {
  const state: EngineState = {
    kind: 'absent',
    reason,
    loaded: [],
    loading: [],
    queueLength: 0,
    runningCount: 0,
    restarts: 0,
    memoryBytes: null,
    pid: null,
  }
  return {
    socketPath,
    state: () => state,
    whenReady: async () => {},
    register() {},
    unregister() {},
    inspect,
    close: async () => {},
  }
}

/** Names whose loading killed the child so often that it is not tried again. */
function openQuarantine(log: Log) {
  const crashes = new Map<string, number>()
  return {
    blame(names: readonly string[]) {
      for (const name of names) {
        const count = (crashes.get(name) ?? 0) + 1
        crashes.set(name, count)
        if (count === MAX_LOAD_CRASHES)
          log.error({ name }, 'engine: loading this model kills the engine, it is left out')
      }
    },
    forgive: (name: string) => void crashes.delete(name),
    mark(model: RegisteredModel): RegisteredModel {
      if ((crashes.get(model.name) ?? 0) < MAX_LOAD_CRASHES) return model
      const refusal = `Loading ${model.name} has killed the engine ${MAX_LOAD_CRASHES} times; it is not tried again until it is added anew or Baimo starts again.`
      return { ...model, refusal }
    },
  }
}

/**
 * Opens the engine: starts the child and keeps it alive. Never fails: where no engine can run, the
 * answer is an engine whose state is `absent` and says why.
 */
export function openEngine(options: EngineOptions): Engine {
  const socketPath = chooseSocket(options.runFolder)
  const { hashFiles = hashHere } = options
  const inspect: Engine['inspect'] = (path, wish) => inspectFile(path, wish, hashFiles)
  const found = findEngine(options.engineFolder)
  if (!found.isFound) {
    options.log.warn({ reason: found.reason }, 'engine: absent')
    return absentEngine(socketPath, { reason: found.reason, inspect })
  }
  const limits = { ...defaultLimits(), ...options.limits }
  const models = new Map<string, RegisteredModel>()
  const quarantine = openQuarantine(options.log)
  const supervisor = new Supervisor({
    childPath: options.childPath,
    spareHomeFolder: options.runFolder,
    log: options.log,
    clock: options.clock ?? systemClock,
    onLoadCrash: quarantine.blame,
    configure: () => ({
      kind: 'configure',
      socketPath,
      engineFolder: options.engineFolder,
      limits,
      models: [...models.values()].map(quarantine.mark),
    }),
  })
  return {
    socketPath,
    state: () => supervisor.state(),
    whenReady: () => supervisor.whenReady(),
    register(model) {
      models.set(model.name, model)
      quarantine.forgive(model.name)
      supervisor.order({ kind: 'register', model })
    },
    unregister(name) {
      models.delete(name)
      supervisor.order({ kind: 'unregister', name })
    },
    inspect,
    async close() {
      await supervisor.close()
      if (process.platform !== 'win32') rmSync(socketPath, { force: true })
    },
  }
}
