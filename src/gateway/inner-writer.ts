import type { Usage } from '../metering/index.ts'
import type { Attempt } from './attempt.ts'
import type { ClientSide } from './client-side.ts'
import { isContentRefusal } from './is-content-refusal.ts'
import { EventReader, findData } from './read-events.ts'
import { readText } from './read-text.ts'

/**
 * How an answer ended that a part of the market asked for. `usage` is committed; null: nothing was
 * consumed. `refused`: the provider refused the content, which is an answer. `left`: who asked did
 * not wait.
 */
export type AskEnd =
  | {
      readonly kind: 'answered'
      /** The provider's word; null: it said none. */
      readonly finishReason: string | null
      readonly usage: Usage | null
    }
  | { readonly kind: 'refused'; readonly usage: Usage | null }
  | { readonly kind: 'failed'; readonly error: Error; readonly usage: Usage | null }
  | { readonly kind: 'left'; readonly usage: Usage | null }

/** Who hears of an answer: its text as it comes, and its end once, after the commit. */
export interface AskSink {
  text(added: string): void
  ended(end: AskEnd): void
}

/** The client's side of a request that comes from within: text for a sink, no bytes. */
export class InnerWriter implements ClientSide {
  readonly isPaused = false
  readonly #sink: AskSink
  readonly #usage: () => Usage | null
  readonly #reader = new EventReader()
  #gone: () => void = () => undefined
  #finishReason: string | null = null
  #isOver = false
  hasHead = false

  /** @param usage what was recorded of it; null: nothing was */
  constructor(sink: AskSink, usage: () => Usage | null) {
    this.#sink = sink
    this.#usage = usage
  }

  /** Who asked does not wait any more. */
  leave(): void {
    if (!this.#isOver) this.#gone()
  }

  onGone(gone: () => void): void {
    this.#gone = gone
  }

  write(_attempt: Attempt, bytes: Buffer): void {
    this.#reader.push(bytes, (event) => this.#take(event))
  }

  endStream(attempt: Attempt, held: Buffer): void {
    this.write(attempt, held)
    this.#end({ kind: 'answered', finishReason: this.#finishReason, usage: this.#usage() })
  }

  writeWhole(attempt: Attempt, { body }: { readonly body: Buffer }): void {
    attempt.release()
    this.#takeJson(body.toString('utf8'))
    this.#end({ kind: 'answered', finishReason: this.#finishReason, usage: this.#usage() })
  }

  writeTold(_attempt: Attempt, told: { readonly status: number; readonly body: Buffer }): void {
    if (isContentRefusal(told.body, told.status)) {
      this.#end({ kind: 'refused', usage: this.#usage() })
      return
    }
    this.writeError(new Error(`the provider refused the request with ${told.status}`))
  }

  writeError(error: Error): void {
    this.#end({ kind: 'failed', error, usage: this.#usage() })
  }

  keepAlive(): void {}

  destroy(): void {
    this.writeError(new Error('failed by a bug'))
  }

  /** The exchange is over, whatever was told. */
  over(): void {
    this.#end({ kind: 'left', usage: this.#usage() })
  }

  #take(event: Buffer): void {
    const data = findData(event)
    if (data !== null) this.#takeJson(event.toString('utf8', data.start, data.end))
  }

  #takeJson(json: string): void {
    const part = readText(json)
    if (part === null || this.#isOver) return
    this.#finishReason = part.finishReason ?? this.#finishReason
    if (part.text === '') return
    this.hasHead = true
    this.#sink.text(part.text)
  }

  #end(end: AskEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.ended(end)
  }
}
