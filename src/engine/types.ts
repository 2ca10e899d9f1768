/** Whether models can run here, and what they do. */
export interface EngineState {
  /**
   * `absent`: not installed, or no binary for this machine; `starting`: the first child is on its
   * way; `restarting`: a child died and the next one waits its turn; `stopped`: closed in order.
   */
  readonly kind: 'absent' | 'starting' | 'ready' | 'restarting' | 'stopped'
  /** Why it is not ready and how to mend it, in one line; null while it is. */
  readonly reason: string | null
  /** Names of the models in memory. */
  readonly loaded: readonly string[]
  /** Names of the models on their way into memory. */
  readonly loading: readonly string[]
  /** Requests that wait for a free sequence. */
  readonly queueLength: number
  /** Requests that are being answered. */
  readonly runningCount: number
  /** How often a child died since the engine was opened. */
  readonly restarts: number
  /** Resident memory of the child in bytes; null: no child. */
  readonly memoryBytes: number | null
  /** Process id of the child; null: no child. */
  readonly pid: number | null
}

/** A model file and the name it is asked for by. */
export interface RegisteredModel {
  readonly name: string
  readonly path: string
  /** Why it is not tried; absent: it is. */
  readonly refusal?: string
}

/** What the engine may use. Every field is a bound, none a promise. */
export interface EngineLimits {
  /** Bytes of weights and caches of all loaded models together. */
  readonly memoryBytes: number
  /** Threads of llama.cpp. More than the cores minus one is many times slower. */
  readonly threads: number
  /** Requests a model answers at the same time. */
  readonly sequences: number
  /** Tokens of context of one sequence, where the model was trained for more. */
  readonly contextTokens: number
  /** Requests that may wait for one model. */
  readonly queueLength: number
  /** Milliseconds a request may wait. */
  readonly queueWaitMs: number
}

/** Parent → child. */
export type Order =
  | {
      readonly kind: 'configure'
      readonly socketPath: string
      readonly engineFolder: string
      readonly limits: EngineLimits
      readonly models: readonly RegisteredModel[]
    }
  | { readonly kind: 'register'; readonly model: RegisteredModel }
  | { readonly kind: 'unregister'; readonly name: string }
  | { readonly kind: 'close' }

/** What the child is doing now. */
export interface ChildStatus {
  readonly loaded: readonly string[]
  /** Names of models that are being loaded: who dies now, died of one of them. */
  readonly loading: readonly string[]
  readonly queueLength: number
  readonly runningCount: number
  readonly memoryBytes: number
}

/** Child → parent. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'status'; readonly status: ChildStatus }
  | { readonly kind: 'log'; readonly level: 'debug' | 'warn' | 'error'; readonly message: string }

export interface HashWish {
  /** Told how many bytes are hashed, of all files together. */
  readonly onBytes?: (doneBytes: number) => void
  /** Ends it: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** The SHA-256 of files, one after another, in lower-case hexadecimal. */
export type HashFiles = (paths: readonly string[], wish?: HashWish) => Promise<string>

/** What the hashing thread is told. */
export type HashOrder =
  | { readonly kind: 'hash'; readonly id: number; readonly paths: readonly string[] }
  | { readonly kind: 'stop'; readonly id: number }

/** What it tells. */
export type HashNews =
  | { readonly kind: 'progress'; readonly id: number; readonly doneBytes: number }
  | { readonly kind: 'hashed'; readonly id: number; readonly sha256: string }
  | { readonly kind: 'failed'; readonly id: number; readonly error: unknown }
