import type { Attempt } from './attempt.ts'

/** Whoever an exchange's answer goes to: a socket, or a part of the market that asked. */
export interface ClientSide {
  /** Whether something of an answer is fixed: an error must come after it from then on. */
  readonly hasHead: boolean
  /** Whether it is the client that does not read. */
  readonly isPaused: boolean
  /** Calls `gone` once if the client leaves before all is told. */
  onGone(gone: () => void): void
  /** Whole events of a stream. */
  write(attempt: Attempt, bytes: Buffer): void
  /** Ends a stream with what of it was held back for the commit. */
  endStream(attempt: Attempt, held: Buffer): void
  /** @param costUsd what it cost, as decimal text; null: not known */
  writeWhole(
    attempt: Attempt,
    answer: { readonly status: number; readonly body: Buffer },
    costUsd?: string | null,
  ): void
  /** An error in the provider's own words. */
  writeTold(attempt: Attempt, told: { readonly status: number; readonly body: Buffer }): void
  writeError(error: Error): void
  /** A sign of life, where there has been none for a while. */
  keepAlive(nowMs: number): void
  /** Nothing sensible can be said any more. */
  destroy(): void
}
