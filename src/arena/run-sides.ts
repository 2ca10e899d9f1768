// edge: asks both sides of a turn, and shows what comes by its timer.
import type { AskEnd, Asking, AskWish } from '../gateway/index.ts'
import type { Clock, JsonObject } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import { type Arrived, beginPace, type Pace, stepPace } from './pace-answers.ts'
import type { Contestant, Side } from './types.ts'

/** Steps in which both answers are shown: nothing finer of their timing is to be seen. */
const STEP_MS = 50
/** Whoever says more is taken as failed: an answer without an end fills the memory. */
const MOST_CHARACTERS = 1_000_000
/** What a refusal of the content reads as: the provider's own words might tell who it is. */
export const REFUSED_TEXT = 'The model declined to answer. / 模型拒绝回答。'

/** What a side came to. Its usage is committed. */
export interface SideEnd {
  readonly side: Side
  readonly requestId: Asking['requestId']
  readonly end: AskEnd
  readonly text: string
}

/** Who hears of a run, in this order; `over` or `failed` once, and nothing after it. */
export interface SidesOwner {
  /** What both sides show on top. */
  shown(added: readonly [string, string]): void
  /** Both are shown whole. */
  over(ends: readonly [SideEnd, SideEnd]): void
  /** A side failed; the other one is left. */
  failed(side: Side, end: AskEnd & { kind: 'failed' | 'left' }): void
  /** A request has ended and left a record, whenever that is. */
  recorded(requestId: Asking['requestId']): void
}

export interface SidesMeans {
  readonly ask: (wish: AskWish) => Asking
  readonly clock: Pick<Clock, 'monotonicMs'>
}

interface Running {
  readonly side: Side
  text: string
  asking: Asking | null
  end: SideEnd | null
}

/** Both answers of one turn: asked at once, shown alike. */
export class RunningSides {
  readonly #means: SidesMeans
  readonly #owner: SidesOwner
  readonly #sides: readonly [Running, Running]
  #pace: Pace
  #timer: NodeJS.Timeout | null = null
  #isOver = false

  constructor(means: SidesMeans, owner: SidesOwner) {
    this.#means = means
    this.#owner = owner
    const open = (side: Side): Running => ({ side, text: '', asking: null, end: null })
    this.#sides = [open('a'), open('b')]
    this.#pace = beginPace(means.clock.monotonicMs())
  }

  start(
    principal: Principal,
    asked: readonly [Contestant, Contestant],
    bodies: readonly [JsonObject, JsonObject],
  ): void {
    this.#timer = setInterval(() => this.#step(), STEP_MS)
    for (const [at, side] of this.#sides.entries()) {
      const [listing, ...others] = asked[at === 0 ? 0 : 1].listings
      if (listing === undefined) throw new Error('arena: a contestant has a listing')
      if (this.#isOver) return
      let requestId: Asking['requestId'] | null = null
      let early: AskEnd | null = null
      const asking = this.#means.ask({
        principal,
        purpose: 'battle',
        listing,
        others,
        body: bodies[at === 0 ? 0 : 1],
        sink: {
          text: (added) => {
            side.text += added.replaceAll('\0', '') // no database keeps it
            if (side.text.length > MOST_CHARACTERS) side.asking?.leave()
          },
          ended: (end) => {
            if (requestId === null) early = end
            else this.#ended(side, requestId, end)
          },
        },
      })
      requestId = asking.requestId
      side.asking = asking
      if (early !== null) this.#ended(side, requestId, early)
    }
  }

  /** Nobody waits for them any more. */
  leave(): void {
    this.#stop()
    for (const { asking } of this.#sides) asking?.leave()
  }

  #ended(side: Running, requestId: Asking['requestId'], end: AskEnd): void {
    if (end.usage !== null) this.#owner.recorded(requestId)
    if (this.#isOver) return
    if (end.kind === 'failed' || end.kind === 'left') {
      this.leave()
      this.#owner.failed(side.side, end)
      return
    }
    if (end.kind === 'refused' && side.text === '') side.text = REFUSED_TEXT
    side.end = { side: side.side, requestId, end, text: side.text.toWellFormed() }
  }

  #step(): void {
    if (this.#isOver) return
    const arrived = (side: Running): Arrived => ({ text: side.text, isWhole: side.end !== null })
    const [a, b] = this.#sides
    const nowMs = this.#means.clock.monotonicMs()
    const { pace, added, isOver } = stepPace(this.#pace, [arrived(a), arrived(b)], nowMs)
    this.#pace = pace
    const [left, right] = added
    if (left !== '' || right !== '' || isOver)
      this.#owner.shown([left.toWellFormed(), right.toWellFormed()])
    if (!isOver || a.end === null || b.end === null) return
    this.#stop()
    this.#owner.over([a.end, b.end])
  }

  #stop(): void {
    this.#isOver = true
    if (this.#timer !== null) clearInterval(this.#timer)
  }
}

/** The conversation as one side has it: its own answers stand between the turns. */
export function conversationOf(
  turns: readonly (readonly JsonObject[])[],
  answers: readonly string[],
): JsonObject[] {
  return turns.flatMap((messages, turn) => {
    const answer = answers[turn]
    return answer === undefined
      ? [...messages]
      : [...messages, { role: 'assistant', content: answer }]
  })
}
