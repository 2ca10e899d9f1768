import type { Lack } from './keep-policy.ts'
import type { RouteChoice, RoutedName } from './types-choice.ts'

/** Why a listing was chosen, in a few words that are fixed once released. */
export function tellRoute(
  { reason, slice }: Pick<RouteChoice, 'reason' | 'slice'>,
  category: string | null,
): string {
  const parts = [`by=${reason}`]
  if (category !== null) parts.push(`category=${category}`)
  if (slice !== null && (reason === 'certified' || reason === 'value')) parts.push(`board=${slice}`)
  return parts.join('; ')
}

/** The words with the name before them. */
export function tellHow(name: RoutedName, route: string): string {
  return `${name}; ${route}`
}

const LACK_WORDS: Readonly<Record<Lack, string>> = {
  place: 'places',
  retention: 'no retention',
  training: 'no training',
  openness: 'openness',
}

/** Why no listing may answer, and what to do. */
export function tellNoneFits(lacks: ReadonlySet<Lack>, isOverLimits: boolean): string {
  const policies = [...lacks].map((lack) => LACK_WORDS[lack])
  const causes = [
    ...(policies.length > 0 ? [`the policy on ${policies.join(', ')}`] : []),
    ...(isOverLimits ? ['the limits on price and latency'] : []),
  ]
  const why = causes.length === 0 ? 'what the name asks for' : causes.join(' and ')
  return `No model that takes traffic satisfies ${why}. What is unknown of a listing satisfies nothing: state facts, switch on others, or change the policy.`
}
