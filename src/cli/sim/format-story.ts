import type { Assertion, Played, World } from '../../sim/index.ts'

/** A day, where something happened on it or a week is over; else nothing. */
export function describeDays({ story }: Played): string[] {
  let votes = 0
  return story.days.flatMap(({ day, votes: cast, live, certified, events }) => {
    votes += cast
    if (events.length === 0 && (day + 1) % 7 !== 0 && day + 1 !== story.days.length) return []
    const facts = `${votes} votes, ${live} models live, ${certified} pairs certified`
    return [`Day ${String(day + 1).padStart(3)}  ${[facts, ...events].join('; ')}`]
  })
}

/** The overall board beside the truth, best first. */
export function boardRows({ world, story }: Played): string[][] {
  const overall = story.boards.find(({ slice }) => slice === 'overall')
  const points = overall?.points.toSorted((x, y) => y.truth - x.truth) ?? []
  return points.map(({ model, truth, rating, low, high, votes }) => {
    const one = world.models[model]
    const left = story.departures.find((departure) => departure.model === model)
    const notes = [
      low <= truth && truth <= high ? '' : 'outside its interval',
      left === undefined ? '' : `retired on day ${left.day + 1}`,
      story.changed === model ? `changed on day ${(one?.drift?.day ?? 0) + 1}` : '',
    ]
    return [
      ...[one?.name ?? '', (one?.priceUsd ?? 0).toFixed(4), truth.toFixed(0), rating.toFixed(0)],
      ...[`${low.toFixed(0)} to ${high.toFixed(0)}`, String(votes)],
      notes.filter((note) => note !== '').join(', '),
    ]
  })
}

export function autoRows({ world, story }: Played): string[][] {
  return story.autoPicks.map(({ category, picked, best, value, bestValue, why }) => [
    ...[category, nameOf(world, picked), nameOf(world, best)],
    `${(100 * (1 - value / bestValue)).toFixed(1)} %`,
    why,
  ])
}

export function assertionRows(assertions: readonly Assertion[]): string[][] {
  return assertions.map(({ name, figure, bound, unit, isMet, basis }) => [
    ...[isMet ? 'yes' : 'NO', name, figureOf(figure, unit), bound, basis],
  ])
}

/** Whether the silent change can be seen; '' where nobody changed. */
export function describeDrift({ world, story }: Played): string {
  const { changed, drift } = story
  if (changed === null) return ''
  const name = nameOf(world, changed)
  if (drift === null) return `${name} changed; it has too few votes to tell.`
  const logE = drift.logE.toFixed(1)
  return `${name} changed; its votes say: ${drift.status} (log E ${logE}).`
}

function figureOf(figure: number | null, unit: Assertion['unit']): string {
  if (figure === null) return '–'
  return unit === '%' ? `${(100 * figure).toFixed(1)} %` : figure.toFixed(3)
}

function nameOf(world: World, model: number): string {
  return world.models[model]?.name ?? ''
}
