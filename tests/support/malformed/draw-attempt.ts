import type { Route } from '../../../src/people/index.ts'
import { seededRandom } from '../seeded-random.ts'
import { framedDraws } from './draw-framed.ts'
import { rawDraw } from './draw-raw.ts'
import type { Attempt, World } from './types.ts'

/** The attempt of a seed: the same in every run, but for the keys and ids of the world. */
export function attemptsOn(routes: readonly Route[]): (seed: number, world: World) => Attempt {
  const framed = framedDraws(routes)
  return (seed, world) => {
    const random = seededRandom(seed * 7_919 + 17)
    for (let count = 0; count < 3; count += 1) random.next()
    const draw = random.next() < 0.8 ? framed : rawDraw
    return { seed, ...draw(random, world) }
  }
}
