import { type CurrentBoard, unpackClaims } from '../boards/index.ts'
import { winShares } from './expect-value.ts'
import type { RouteBoard } from './types-choice.ts'

/** A version of a board, ready to route by. */
export function readBoard({ payload }: CurrentBoard, slice: string): RouteBoard {
  const models = new Map(payload.models.map((row) => [row.name, row]))
  const placeOf = new Map(payload.models.map(({ name }, at) => [name, at]))
  const statusOf = unpackClaims(payload.claims, payload.models.length)
  return {
    slice,
    models,
    shares: winShares(models),
    claim(better, worse) {
      const [one, other] = [placeOf.get(better), placeOf.get(worse)]
      return one === undefined || other === undefined || one === other ? null : statusOf(one, other)
    },
  }
}
