import type { JsonObject } from '../kernel/index.ts'

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

export interface FailureOptions {
  /** 1 when absent: refused or failed. */
  readonly exitCode?: number
  /** What `--json` prints beside the message: code, status, request id and the like. */
  readonly facts?: JsonObject
  readonly cause?: unknown
}

/** Ends a command with one line on standard error. The message says what to do next. */
export class Failure extends Error {
  readonly exitCode: number
  readonly facts: JsonObject

  constructor(message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.exitCode = options.exitCode ?? EXIT.failed
    this.facts = options.facts ?? {}
  }
}

/** A command that was called in a way it does not take. */
export function usageFailure(message: string): Failure {
  return new Failure(message, { exitCode: EXIT.usage, facts: { code: 'cli_usage' } })
}
