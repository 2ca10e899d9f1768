import type { SeededRandom } from '../seeded-random.ts'

/** Who sends a request: the header lines that say so. */
export interface Sender {
  readonly name: string
  readonly lines: readonly string[]
}

/** What requests may name. Nothing in it is needed by the market or by the senders. */
export interface World {
  readonly host: string
  readonly port: number
  readonly senders: readonly [Sender, ...Sender[]]
  /** Who gets past every gate, to what stands behind it. */
  readonly strongest: Sender
  /** Ids of objects that may be changed and deleted, by a route's word for them, such as `keys`. */
  readonly victims: Readonly<Record<string, readonly string[]>>
  /** Ids of objects of another organisation. */
  readonly foreignIds: readonly string[]
  /** Base URL of an upstream that answers. */
  readonly upstreamUrl: string
}

/** One piece of hostility: bytes for one connection, and what may come back. */
export interface Attempt {
  readonly seed: number
  /** What is wrong with it, for people. */
  readonly about: string
  /** Bytes to write, and milliseconds to wait. */
  readonly parts: readonly (Buffer | number)[]
  /** Method of each request in it, in order: a HEAD is answered without a body. */
  readonly methods: readonly string[]
  /** Whole requests: an answer must come. Else the market may also wait, or close. */
  readonly isWhole: boolean
  /** Whether every answer must be an error. */
  readonly isRefused: boolean
  readonly answersAtMost: number
  /** The shape errors must have; null: either. */
  readonly dialect: 'problem' | 'openai' | null
  /** Whether it names an upstream that fails, so that 502, 503 and 504 are right. */
  readonly isAimedAtFailure: boolean
  /** Whether the connection may break under an upload that was refused. */
  readonly mayReset: boolean
  readonly ending: 'keep' | 'half-close' | 'leave'
}

export type Draw = (random: SeededRandom, world: World) => Omit<Attempt, 'seed'>
