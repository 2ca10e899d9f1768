import { FAILURE_REASONS, type FailureReason, REASON_WORDS } from '../routing/index.ts'
import type { HealthAnswer, ListingAnswer } from './answers.ts'
import { BAIMO, count, formatMoment } from './words.ts'

/** Whether a listing that is on is left alone for now, as it failed again and again. */
export function isResting({ is_on: isOn, health }: Pick<ListingAnswer, 'is_on' | 'health'>) {
  return isOn && (health?.state === 'resting' || health?.state === 'trying')
}

/** How a listing is not well: `rests until … (its provider cannot be reached)`; null: it is. */
export function troubleOf(health: HealthAnswer | null): string | null {
  if (health === null || health.state === 'healthy') return null
  const until = formatMoment(health.until, 'soon')
  switch (health.state) {
    case 'resting':
      return `rests until ${until}${becauseOf(health)}`
    case 'trying':
      return `is being tried after a rest${becauseOf(health)}`
    case 'busy':
      return `busy until ${until}, by its own word`
  }
}

/** Why, and how often of late: a rest may outlast the minute that failures are counted for. */
function becauseOf({ last_reason: reason, recent_failures: failures }: HealthAnswer): string {
  const why = isReason(reason) ? [REASON_WORDS[reason]] : []
  const often = failures > 0 ? [`${count(failures, 'failure')} in a minute`] : []
  const known = [...why, ...often].join(', ')
  return known === '' ? '' : ` (${known})`
}

/** What an operator does about a listing that rests. */
export function mendOf({ id, provider, health }: ListingAnswer): string {
  const reason = health?.last_reason ?? null
  const name = provider.name ?? provider.id
  const first = (isReason(reason) ? MENDS[reason] : undefined)?.(name) ?? LOOK(name)
  return `${first} It is tried again by itself; or switch it off: "${BAIMO} models off ${id}".`
}

type Mend = (provider: string) => string

const LOOK: Mend = (name) =>
  `The log’s lines "upstream failed" tell status, reason and code, never its own words; ask it yourself: "${BAIMO} providers show ${name}" has its address.`
const ADDRESS: Mend = (name) =>
  `Start it, check the network, or correct its address: "${BAIMO} providers set ${name} --url …".`
const MENDS: Readonly<Partial<Record<FailureReason, Mend>>> = {
  upstream_unreachable: ADDRESS,
  upstream_unusable: ADDRESS,
  upstream_refused_us: (name) =>
    `Give it a good key: "${BAIMO} providers set ${name} --key-file FILE".`,
  upstream_timeout: (name) =>
    `If it needs longer: "${BAIMO} providers set ${name} --first-byte-timeout …".`,
}

function isReason(word: string | null | undefined): word is FailureReason {
  return FAILURE_REASONS.some((known) => known === word)
}
