import {
  BLOCK_VOTES,
  type Block,
  countVotes,
  type Drift,
  judgeDrift,
  rateBoard,
  sumBlocks,
} from '../ratings/index.ts'
import type { CastBallot, World } from './types.ts'

/** Whether the votes show that a model is not what it was; null: too few votes of it. */
export function findDrift(
  world: World,
  model: number,
  cast: readonly (CastBallot & { readonly rater: string })[],
): Drift | null {
  const nameOf = (at: number): string => world.models[at]?.name ?? ''
  const rows = cast.map(({ a, b, choice, rater }) => ({
    modelA: nameOf(a),
    modelB: nameOf(b),
    choice,
    rater,
  }))
  const own = cast.filter(({ a, b }) => a !== b && (a === model || b === model))
  if (own.length < 2 * BLOCK_VOTES) return null
  const { votes } = countVotes(rows)
  const { fit, uncertainty } = rateBoard(votes)
  const placeOf = new Map(votes.pairs.models.map((name, at) => [name, at]))
  const blocks = Array.from({ length: Math.floor(own.length / BLOCK_VOTES) }, (_, at) =>
    blockOf(own.slice(at * BLOCK_VOTES, (at + 1) * BLOCK_VOTES), model, (other) =>
      placeOf.get(nameOf(other)),
    ),
  )
  const sums = sumBlocks(fit, placeOf.get(nameOf(model)) ?? 0, blocks)
  return judgeDrift(sums, {
    models: votes.pairs.models.length,
    dispersion: uncertainty.dispersion,
    designEffect: uncertainty.designEffect.total,
  })
}

function blockOf(
  cast: readonly CastBallot[],
  model: number,
  placeOf: (model: number) => number | undefined,
): Block {
  const points = cast.map(({ a, choice }) =>
    choice === 'a' || choice === 'b' ? Number((choice === 'a') === (a === model)) : 0.5,
  )
  return {
    opponent: Int32Array.from(cast, ({ a, b }) => placeOf(a === model ? b : a) ?? 0),
    votes: new Float64Array(cast.length).fill(1),
    points: Float64Array.from(points),
  }
}
