// edge: ends answers on sockets, and waits by a timer.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { NO_SLOT, Slots, type Slotted } from '../kernel/index.ts'

/** The answers that are under way, and how they come to an end in a stop. */
export interface RunningAnswers {
  /** No request is taken any more. */
  readonly isStopping: boolean
  readonly runningCount: number
  /** Requests that were taken and are still answered, once it stops. */
  readonly leftCount: number
  /** The answer that is under way on a socket whose request has arrived whole. */
  answerOn(socket: Socket): ServerResponse | undefined
  /** From now on each answer ends its connection, those under way too. */
  leave(): void
  /** From now on no request is taken. */
  stop(): void
  /** Resolves once all that was taken is answered, after `graceMs` at the latest. */
  whenIdle(graceMs: number): Promise<void>
  /**
   * Keeps refusals back until the way that is returned is called. Who waits for one sends nothing
   * else: meanwhile the door can be closed with nobody at it.
   */
  holdRefusals(): () => void
  /** Resolves when a refusal may be told. */
  untilTold(): Promise<void>
  /** Ends the connections of what was taken and is still not answered. */
  cut(): void
}

/** An answer that is under way. */
export interface Running extends Slotted {
  readonly response: ServerResponse
}

export interface CountedAnswers extends RunningAnswers {
  began(response: ServerResponse): Running
  ended(running: Running): void
}

export function countAnswers(): CountedAnswers {
  const all = new Slots<Running>()
  /** What was taken before the stop: what comes later is refused, and not waited for. */
  let left = new Set<Running>()
  let isLeaving = false
  let isStopping = false
  let held = Promise.resolve()
  let whenNothingIsLeft: (() => void) | undefined
  return {
    get isStopping() {
      return isStopping
    },
    get runningCount() {
      return all.size
    },
    get leftCount() {
      return left.size
    },
    began(response) {
      const running = { response, slot: NO_SLOT }
      all.add(running)
      if (isLeaving) response.shouldKeepAlive = false
      return running
    },
    ended(running) {
      all.delete(running)
      if (isStopping && left.delete(running) && left.size === 0) whenNothingIsLeft?.()
    },
    answerOn(socket) {
      for (const { response } of all)
        if (response.socket === socket && response.req.complete) return response
      return undefined
    },
    leave() {
      isLeaving = true
      for (const { response } of all) response.shouldKeepAlive = false
    },
    stop() {
      isStopping = true
      left = new Set(all)
    },
    whenIdle(graceMs) {
      if (left.size === 0) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, graceMs)
      whenNothingIsLeft = resolve
      return promise.finally(() => clearTimeout(timer))
    },
    holdRefusals() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    untilTold: () => held,
    cut() {
      for (const { response } of left) response.destroy()
    },
  }
}
