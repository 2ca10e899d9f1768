// edge: takes requests from their sockets and answers them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestId } from '../kernel/index.ts'
import type { Operation } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import { type Health, openHealth } from '../routing/index.ts'
import { openAnswerBudget } from './answer-budget.ts'
import { AnswerWriter } from './answer-writer.ts'
import { Arrival, type Entrance } from './arrival.ts'
import { type Asking, type AskWish, askGateway } from './ask-service.ts'
import { openBodyBudget } from './body-budget.ts'
import { standingOf } from './candidates.ts'
import { runExchange } from './exchange.ts'
import { openTicker } from './open-ticker.ts'
import type { Envelope } from './read-envelope.ts'
import { Computing } from './share-time.ts'
import { openTurns } from './take-turns.ts'
import type { Admitted, GatewayParts, Relay } from './types.ts'
import { upstreamHeadersOf } from './upstream-headers.ts'

/** What the bodies of all requests may hold together. */
const BODIES_BYTES = 256 * 1024 * 1024
/** What of all answers may be held. */
const ANSWERS_BYTES = 256 * 1024 * 1024

export interface Caller {
  readonly principal: Principal
  readonly requestId: string
}

export interface Gateway {
  /** Answers one request of the OpenAI dialect, whatever happens to it. */
  relay(
    operation: Operation,
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
  ): void
  /** Asks from within the market: the answer goes to a sink. */
  ask(wish: AskWish): Asking
  /** What is held of answers at the moment, in bytes. */
  readonly heldAnswerBytes: number
  /** Requests that are dispatched and not yet over. */
  readonly runningCount: number
  /**
   * Ends every answer that is still under way: what came of it is recorded as `aborted`, and its
   * client is told so by an error, in a stream by an error event.
   */
  stopAll(): void
  /** How the listings that were asked lately are doing. */
  readonly health: Pick<Health, 'health' | 'list'>
}

/**
 * The way of a request: body → admission → limits → exchange. A dispatched one is recorded once.
 */
export function openGateway(parts: GatewayParts): Gateway {
  let runningCount = 0
  const { clock } = parts
  const health = openHealth(() => clock.monotonicMs())
  const random = parts.random ?? Math.random
  const answers = openAnswerBudget(parts.answersBytes ?? ANSWERS_BYTES)
  const ticker = openTicker(clock)
  const relay: Relay = { ...parts, random, health, ticker, answers, computing: new Computing() }
  const leave = (): void => {
    runningCount -= 1
  }

  function run(admitted: Admitted, envelope: Envelope, response: ServerResponse): void {
    runningCount += 1
    const ended = once(leave)
    try {
      runExchange(relay, admitted, {
        envelope,
        ended,
        client: (of) => new AnswerWriter(relay, admitted, { ...of, response }),
      })
    } catch (error) {
      ended()
      admitted.hold?.cancel() // it was not dispatched
      throw error
    }
  }

  const entrance: Entrance = {
    parts,
    bodies: openBodyBudget(parts.bodiesBytes ?? BODIES_BYTES),
    turns: openTurns(),
    headersFor: upstreamHeadersOf(parts.marketId),
    standingOf: (listing) => standingOf(health, listing, clock.monotonicMs()),
    run,
  }
  return {
    get runningCount() {
      return runningCount
    },
    get heldAnswerBytes() {
      return answers.heldBytes
    },
    health,
    stopAll: () => relay.ticker.stopAll(),
    ask(wish) {
      const began = (): (() => void) => {
        runningCount += 1
        return once(leave)
      }
      return askGateway(entrance, { relay, began }, wish)
    },
    relay: (operation, request, response, { principal, requestId }) => {
      if (response.destroyed) return // nobody is left to answer, and its close has been
      const id = requestId as RequestId
      new Arrival(entrance, { operation, request, response, principal, requestId: id }).receive()
    },
  }
}

function once(call: () => void): () => void {
  let wasCalled = false
  return () => {
    if (wasCalled) return
    wasCalled = true
    call()
  }
}
