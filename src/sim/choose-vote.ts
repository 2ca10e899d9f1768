import type { Category, Choice } from '../boards/index.ts'
import { logistic, POINTS_PER_UNIT } from '../ratings/index.ts'
import type { Numbers } from './draw-numbers.ts'
import type { Meeting, World, WorldModel } from './types.ts'

/**
 * A person's vote between two answers. The answers' strengths, the person's tastes and the matchup
 * give p, the chance that `a` is preferred; of equals neither is with the person's share of ties,
 * of others less often (in proportion to p·(1 − p)), and never so that the mean score leaves p.
 */
export function chooseVote(world: World, meeting: Meeting, numbers: Numbers): Choice {
  const person = world.people[meeting.person]
  const p = chanceOf(world, meeting)
  const tie = (person?.tieShare ?? 0) * 4 * p * (1 - p)
  const lot = numbers.next()
  if (lot < p - tie / 2) return 'a'
  if (lot < p + tie / 2) return numbers.next() < (person?.badShare ?? 0) ? 'both_bad' : 'tie'
  return 'b'
}

/** The chance that a person prefers `a`: ties are half. */
export function chanceOf(world: World, meeting: Meeting): number {
  const { person, a, b } = meeting
  const tastes = world.people[person]?.tastes ?? []
  const taste = (tastes[a] ?? 0) - (tastes[b] ?? 0)
  return logistic((pointsApart(world, meeting) + taste) / POINTS_PER_UNIT)
}

/** Points by which `a` is better than `b`, but for tastes. */
export function pointsApart(world: World, of: Omit<Meeting, 'person'>): number {
  const { a, b } = of
  const [one, other] = [world.models[a], world.models[b]]
  if (one === undefined || other === undefined) return 0
  return strengthAt(one, of) - strengthAt(other, of) + (world.matchups[a]?.[b] ?? 0)
}

function strengthAt(
  { strength, byCategory, drift }: WorldModel,
  { category, day }: { readonly category: Category; readonly day: number },
): number {
  const change = drift !== null && day >= drift.day ? drift.points : 0
  return strength + byCategory[category] + change
}
