import type { ClusterRow, PairRow } from './live-counts.ts'
import type { VoteMove } from './types.ts'
import type { ControlCounts } from './types-trust.ts'
import type { Rated } from './types-versions.ts'

/** A vote as style control takes it, newest last. */
export interface StyledRow {
  readonly pair: number
  readonly rater: number
  /** 0 to 3, as `VoteMove.outcome`. */
  readonly outcome: number
  readonly isSwapped: boolean
  readonly style: readonly number[]
}

/** A vote as drift takes it. */
export interface DriftRow {
  readonly pair: number
  /** 0 to 3, as `VoteMove.outcome`. */
  readonly outcome: number
  /** Since 1970, as `castAtOf` reads it. */
  readonly castAtMs: number
}

/** What the thread that rates is told. Boards are numbers; a passing one may be negative. */
export type RatingOrder =
  | {
      readonly kind: 'open'
      readonly board: number
      /** Certificates that stand, plain and styled: keys of `keyOfClaim`, by id of model. */
      readonly standing: readonly [plain: readonly string[], styled: readonly string[]]
      readonly wasOnePerson: readonly [plain: boolean, styled: boolean]
    }
  | { readonly kind: 'pairs'; readonly board: number; readonly rows: readonly PairRow[] }
  | { readonly kind: 'raters'; readonly board: number; readonly text: string }
  | {
      readonly kind: 'prompts'
      readonly board: number
      /** Told anew as a whole, each of them; null: those of the rows. */
      readonly prompts: readonly string[] | null
      readonly rows: readonly ClusterRow[]
    }
  /** Moves up to here that the counts hold already. */
  | { readonly kind: 'loaded'; readonly board: number; readonly included: readonly number[] }
  | { readonly kind: 'moves'; readonly board: number; readonly moves: readonly VoteMove[] }
  /** The last votes that its counts hold, oldest first: what drift is looked for in. */
  | { readonly kind: 'drift'; readonly board: number; readonly rows: readonly DriftRow[] }
  /** Votes with style, instead of all that were told before. */
  | { readonly kind: 'styles'; readonly board: number; readonly rows: readonly StyledRow[] }
  | RateBoardOrder
  | { readonly kind: 'close'; readonly board: number }

export interface RateBoardOrder {
  readonly kind: 'rate'
  readonly board: number
  readonly id: number
  readonly isStyled: boolean
  readonly isSettled: boolean
  /** Names of models by id, those of the board at least. */
  readonly names: readonly (readonly [id: string, name: string])[]
  /** Names of models that are retired. */
  readonly retired: readonly string[]
  readonly seed: number
  readonly controls: ControlCounts
  /** What the typical request costs, by name of model; null: unknown. */
  readonly prices: readonly (readonly [name: string, price: number | null])[]
}

/** What it answers. */
export type RatingNews =
  | {
      readonly kind: 'rated'
      readonly id: number
      /** Certificates name models by id. Payload: JSON, compressed by gzip. */
      readonly rated: Omit<Rated, 'payload'>
      readonly payload: Uint8Array
      readonly votes: number
      readonly models: number
      readonly isSettled: boolean
      /** Time of the rating itself. */
      readonly tookMs: number
    }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
