// edge: a request on its way from its socket to its exchange.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LiveListing } from '../catalog/index.ts'
import { Refusal, type RequestId } from '../kernel/index.ts'
import type { LimitHold, TakeLimits } from '../limits/index.ts'
import type { Operation } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import type { ResponseHeaders } from '../providers/index.ts'
import type { Standing } from '../routing/index.ts'
import { type Admission, admitRequest } from './admit.ts'
import type { BodyBudget, BodyShare } from './body-budget.ts'
import { refuseRoom } from './candidates.ts'
import { collectEnvelope } from './collect-body.ts'
import { estimateTokens } from './estimate-tokens.ts'
import type { Envelope, EnvelopeReading } from './read-envelope.ts'
import { routeRequest } from './route-request.ts'
import type { Turns } from './take-turns.ts'
import type { Admitted, GatewayParts } from './types.ts'
import { writeRefusal } from './write-refusal.ts'

/** What all arrivals share. */
export interface Entrance {
  readonly parts: GatewayParts
  readonly bodies: BodyBudget
  readonly turns: Turns
  readonly headersFor: (via: string | undefined, isStream: boolean) => ResponseHeaders
  /** How a listing is doing. */
  readonly standingOf: (listing: LiveListing) => Standing
  /** Throws where nothing was dispatched. */
  readonly run: (admitted: Admitted, envelope: Envelope, response: ServerResponse) => void
}

/** One request before it is dispatched: its body is read, it is admitted, and its limits held. */
export class Arrival {
  readonly #entrance: Entrance
  readonly #operation: Operation
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #principal: Principal
  readonly #requestId: RequestId
  readonly #share: BodyShare
  readonly #startedAtMs: number
  readonly #arrivedMs: number
  #bodyReadMs: number

  constructor(
    entrance: Entrance,
    of: {
      readonly operation: Operation
      readonly request: IncomingMessage
      readonly response: ServerResponse
      readonly principal: Principal
      readonly requestId: RequestId
    },
  ) {
    const { clock } = entrance.parts
    this.#entrance = entrance
    this.#operation = of.operation
    this.#request = of.request
    this.#response = of.response
    this.#principal = of.principal
    this.#requestId = of.requestId
    this.#share = entrance.bodies.open()
    this.#startedAtMs = clock.nowMs()
    this.#arrivedMs = clock.monotonicMs()
    this.#bodyReadMs = this.#arrivedMs
  }

  /** Reads its body, and sends it on or refuses it. */
  receive(): void {
    const { turns, parts } = this.#entrance
    const { take, release } = this.#share
    this.#response.on('close', release)
    const onWhole = (): void => {
      this.#bodyReadMs = parts.clock.monotonicMs()
    }
    const means = { operation: this.#operation, take, turns, onWhole }
    collectEnvelope(this.#request, means, (reading) => {
      try {
        if (reading instanceof Error) throw reading
        this.#admit(reading)
      } catch (error) {
        this.#refuse(error)
      }
    })
  }

  #admit(reading: EnvelopeReading): void {
    const { parts, standingOf } = this.#entrance
    const operation = this.#operation
    const principal = this.#principal
    parts.mayDispatch()
    const { routing } = parts
    if (reading.kind === 'envelope' && routing?.isRouted(reading.envelope.model, operation)) {
      const asked = { operation, principal, envelope: reading.envelope, standingOf }
      routeRequest(routing, asked)
        .then((admission) => this.#goOn(admission))
        .catch((error: unknown) => this.#refuse(error))
      return
    }
    const admission = admitRequest(reading, operation, (name) => {
      const found = parts.resolve(name, principal.models)
      return routing === undefined ? found : routing.bound(found, principal)
    })
    this.#goOn({ ...admission, route: null, purpose: 'use' })
  }

  #goOn(of: Admission & Pick<Admitted, 'purpose' | 'route'>): void {
    const { parts, headersFor, run } = this.#entrance
    const operation = this.#operation
    const principal = this.#principal
    const { envelope, listing, others, how, purpose, route = null } = of
    const upstreamHeaders = headersFor(this.#request.headers.via, envelope.isStream)
    if (this.#response.destroyed) return
    // Where another may answer, the exchange looks for one that has room.
    if (others.length === 0 && !this.#share.waitFor(listing.endpoint.providerId)) {
      throw refuseRoom(listing.modelName)
    }
    const admit = (hold: LimitHold | null): void => {
      const admitted: Admitted = {
        requestId: this.#requestId,
        principal,
        purpose,
        route,
        operation,
        listing,
        others,
        how,
        upstreamHeaders,
        share: this.#share,
        hold,
        startedAtMs: this.#startedAtMs,
        arrivedMs: this.#arrivedMs,
        bodyReadMs: this.#bodyReadMs,
      }
      run(admitted, envelope, this.#response)
    }
    const hold = takeHold(parts, { principal, operation, envelope, listing })
    if (hold instanceof Promise) this.#admitWhenHeld(hold, admit)
    else admit(hold)
  }

  /** A hold that nobody waits for any more is given back. */
  #admitWhenHeld(
    promised: Promise<LimitHold | null>,
    admit: (hold: LimitHold | null) => void,
  ): void {
    promised
      .then((hold) => {
        if (this.#response.destroyed) hold?.cancel()
        else admit(hold)
      })
      .catch((error: unknown) => this.#refuse(error))
  }

  #refuse(error: unknown): void {
    const { parts } = this.#entrance
    parts.meters.refused(this.#operation, error instanceof Refusal ? error.code : 'internal')
    const failure = { error, requestId: this.#requestId }
    writeRefusal(parts, this.#request, this.#response, failure)
  }
}

/** What a request takes of its caller's limits, by what it may consume at most. */
export function takeHold(
  parts: GatewayParts,
  about: Pick<Admitted, 'principal' | 'operation' | 'listing'> & { readonly envelope: Envelope },
): ReturnType<TakeLimits> {
  if (parts.takeLimits === undefined) return null
  const { principal, operation, envelope, listing } = about
  const tokens = estimateTokens(envelope, operation, listing.contextTokens)
  return parts.takeLimits(principal, tokens)
}
