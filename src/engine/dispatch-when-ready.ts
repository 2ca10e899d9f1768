// edge: talks to providers, and to a timer while the engine is on its way
import { Refusal } from '../kernel/index.ts'
import type {
  Abort,
  DispatchControl,
  ProviderHandler,
  Providers,
  ResponseHeaders,
} from '../providers/index.ts'
import { refuse } from './errors.ts'
import type { Engine } from './open-engine.ts'

type Dispatch = Providers['dispatch']
type WaitedFor = Pick<Engine, 'socketPath' | 'state' | 'whenReady'>

/** A dispatch that was never sent: there is nothing to hold or to end. */
const NOTHING: DispatchControl = { pause() {}, resume() {}, abort() {} }
const LONGEST_WAIT_MS = 10_000
/** A child that was killed is noticed within this time; until then it only seems to be ready. */
const SECOND_LOOK_MS = 50
const MOST_LOOKS = 20

/**
 * `dispatch`, but a request for the engine waits until the engine can take it: it starts in the
 * background, and comes back by itself when it dies. Where there is no engine the request is
 * refused at once with `engine_absent` and the reason; after ten seconds with `engine_starting`.
 * What a dead child left unanswered is sent again; an answer that had begun is not.
 */
export function dispatchWhenReady(
  engine: WaitedFor,
  dispatch: Dispatch,
  waitMs: number = LONGEST_WAIT_MS,
): Dispatch {
  return (endpoint, request, handler) => {
    if (endpoint.socketPath !== engine.socketPath) return dispatch(endpoint, request, handler)
    const call = new WaitingCall(engine, handler, (waiting) => dispatch(endpoint, request, waiting))
    call.start(waitMs)
    return (reason) => call.giveUp(reason)
  }
}

type Send = (handler: ProviderHandler) => Abort

class WaitingCall implements ProviderHandler {
  readonly #engine: WaitedFor
  readonly #handler: ProviderHandler
  readonly #send: Send
  #timer: NodeJS.Timeout | undefined
  #waitMs = 0
  #looksLeft = MOST_LOOKS
  #abort: Abort | null = null
  #isOver = false
  #hasAnswer = false
  #wasLost = false

  constructor(engine: WaitedFor, handler: ProviderHandler, send: Send) {
    this.#engine = engine
    this.#handler = handler
    this.#send = send
  }

  start(waitMs: number): void {
    this.#waitMs = waitMs
    this.#attempt()
  }

  giveUp(reason: Error | undefined): void {
    if (this.#abort !== null) this.#abort(reason)
    else this.#end(NOTHING, reason ?? new Error('given up'))
  }

  onRequestStart(control: DispatchControl): void {
    this.#handler.onRequestStart?.(control)
  }

  onResponseStart(
    control: DispatchControl,
    status: number,
    headers: ResponseHeaders,
    statusText: string,
  ): void {
    this.#hasAnswer = true
    this.#handler.onResponseStart(control, status, headers, statusText)
  }

  onResponseData(control: DispatchControl, chunk: Buffer): void {
    this.#handler.onResponseData(control, chunk)
  }

  onResponseEnd(control: DispatchControl): void {
    this.#handler.onResponseEnd(control)
  }

  onResponseError(control: DispatchControl, error: Error): void {
    if (!this.#mayGoAgain(error)) {
      this.#end(control, error)
      return
    }
    this.#abort = null
    setTimeout(() => this.#attempt(), SECOND_LOOK_MS)
  }

  /**
   * A child that died takes its kept connections with it: what was written to one is lost without
   * a word, and the child's work with it. Once, as the request itself may be what killed it.
   */
  #mayGoAgain(error: Error): boolean {
    if (this.#hasAnswer || !(error instanceof Refusal)) return false
    if (error.code === 'providers_unreachable') {
      this.#looksLeft -= 1
      return this.#looksLeft >= 0
    }
    const isFirstLoss = error.code === 'providers_connection_lost' && !this.#wasLost
    this.#wasLost = true
    return isFirstLoss
  }

  #attempt(): void {
    if (this.#isOver) return
    const { kind, reason } = this.#engine.state()
    if (kind === 'ready') {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#abort = this.#send(this)
      return
    }
    if (kind === 'absent' || kind === 'stopped') {
      const message = `No engine runs models here. ${reason ?? ''}`.trim()
      queueMicrotask(() => this.#end(NOTHING, refuse('engine_absent', message)))
      return
    }
    this.#timer ??= setTimeout(() => this.#end(NOTHING, starting()), this.#waitMs)
    void this.#engine.whenReady().then(() => this.#attempt())
  }

  #end(control: DispatchControl, error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#handler.onResponseError(control, error)
  }
}

function starting(): Error {
  const message = 'The engine is still starting; try again in a moment.'
  return refuse('engine_starting', message, { retryAfterSeconds: 2 })
}
