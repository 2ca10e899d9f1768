// edge: talks to providers, and to a timer while the engine is on its way
import type { Abort, DispatchControl, Providers } from '../providers/index.ts'
import { refuse } from './errors.ts'
import type { Engine } from './open-engine.ts'

type Dispatch = Providers['dispatch']

/** An exchange that was never sent: there is nothing to hold or to end. */
const NOTHING: DispatchControl = { pause() {}, resume() {}, abort() {} }
const LONGEST_WAIT_MS = 10_000

/**
 * `dispatch`, but a request for the engine waits until the engine can take it: it starts in the
 * background, and a market that is open must answer. Where there is no engine the request is
 * refused at once with `engine_absent` and the reason; after ten seconds with `engine_starting`.
 */
export function dispatchWhenReady(
  engine: Pick<Engine, 'socketPath' | 'state' | 'whenReady'>,
  dispatch: Dispatch,
  waitMs: number = LONGEST_WAIT_MS,
): Dispatch {
  return (endpoint, request, handler) => {
    if (endpoint.socketPath !== engine.socketPath || engine.state().kind === 'ready') {
      return dispatch(endpoint, request, handler)
    }
    let isOver = false
    let abort: Abort | null = null
    const end = (error: Error): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      handler.onResponseError(NOTHING, error)
    }
    const timer = setTimeout(() => end(starting()), waitMs)
    void engine.whenReady().then(() => {
      if (isOver) return
      const { kind, reason } = engine.state()
      if (kind !== 'ready') {
        end(refuse('engine_absent', `No engine runs models here. ${reason ?? ''}`.trim()))
        return
      }
      isOver = true
      clearTimeout(timer)
      abort = dispatch(endpoint, request, handler)
    })
    return (reason) => {
      if (abort !== null) abort(reason)
      else end(reason ?? new Error('given up'))
    }
  }
}

function starting(): Error {
  const message = 'The engine is still starting; try again in a moment.'
  return refuse('engine_starting', message, { retryAfterSeconds: 2 })
}
