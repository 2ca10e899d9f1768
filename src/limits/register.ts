import type { Counter, Need } from './decide-waiting.ts'
import { PlaceCounter } from './place-counter.ts'
import type { HolderKind, LimitedCaller, LimitedHolder, Limits, Metric, Timing } from './types.ts'
import { WindowCounter } from './window-counter.ts'

interface Entry {
  readonly organisationId: string
  readonly counters: readonly Counter[]
}

export interface RegisterMeans {
  readonly timing: Timing
  /** Where counters add themselves when they have something leased or something to say. */
  readonly busy: Set<Counter>
  readonly newId: () => string
}

const metrics: readonly Metric[] = ['requests', 'tokens', 'concurrent']

/** The counters of everybody who has limits, as the database last told. */
export class Register {
  readonly #means: RegisterMeans
  /** By the id of the limits. */
  #entries = new Map<string, Entry>()
  /** By the id of the holder; a person may have limits in several organisations. */
  #holders: Readonly<Record<HolderKind, Map<string, Entry[]>>> = emptyHolders()

  constructor(means: RegisterMeans) {
    this.#means = means
  }

  /** The counters that bind a caller; empty: none do. */
  countersOf(caller: LimitedCaller): readonly Counter[] {
    if (this.#entries.size === 0) return none
    const { key, person, team, organisation } = this.#holders
    const { keyId, personId, teamId, organisationId } = caller
    let found = none
    if (keyId !== null) found = join(found, key.get(keyId), organisationId)
    if (personId !== null) found = join(found, person.get(personId), organisationId)
    if (teamId !== null) found = join(found, team.get(teamId), organisationId)
    return join(found, organisation.get(organisationId), organisationId)
  }

  find(limitId: string, metric: string): Counter | undefined {
    return this.#entries.get(limitId)?.counters.find((counter) => counter.metric === metric)
  }

  /** Takes all limits anew. Returns the counters whose limit has changed or is gone. */
  replace(all: readonly LimitedHolder[]): Counter[] {
    const before = this.#entries
    this.#entries = new Map()
    this.#holders = emptyHolders()
    const changed: Counter[] = []
    for (const limited of all) {
      const known = before.get(limited.id)?.counters ?? []
      const next = this.#countersFor(limited, known)
      changed.push(...next.changed)
      const entry = { organisationId: limited.organisationId, counters: next.all }
      this.#entries.set(limited.id, entry)
      const { kind, id } = limited.holder
      this.#holders[kind].set(id, [...(this.#holders[kind].get(id) ?? []), entry])
    }
    for (const [id, { counters }] of before) if (!this.#entries.has(id)) changed.push(...counters)
    return changed
  }

  #countersFor(limited: LimitedHolder, before: readonly Counter[]) {
    const all: Counter[] = []
    const changed: Counter[] = []
    for (const metric of metrics) {
      const limit = limitOf(limited.limits, metric)
      const known = before.find((counter) => counter.metric === metric)
      if (limit !== null) all.push(known ?? this.#create(limited, metric, limit))
      if (known === undefined || known.facts.limit === limit) continue
      if (limit !== null) known.facts.change(limit)
      changed.push(known)
    }
    return { all, changed }
  }

  #create({ id, holder }: LimitedHolder, metric: Metric, limit: number): Counter {
    const counted = { limitId: id, holder, limit }
    const { timing, busy, newId } = this.#means
    if (metric !== 'concurrent') return new WindowCounter(counted, metric, { timing, busy })
    return new PlaceCounter(counted, { timing, busy, leaseId: newId() })
  }
}

/** What one request needs of the counters that bind its caller. */
export function needsOf(counters: readonly Counter[], tokens: number): Need[] {
  const needs: Need[] = []
  for (const counter of counters) {
    const amount = counter.metric === 'tokens' ? tokens : 1
    if (amount > 0) needs.push({ counter, amount })
  }
  return needs
}

const none: readonly Counter[] = []

function emptyHolders(): Record<HolderKind, Map<string, Entry[]>> {
  return { key: new Map(), person: new Map(), team: new Map(), organisation: new Map() }
}

function join(
  found: readonly Counter[],
  entries: readonly Entry[] | undefined,
  organisationId: string,
): readonly Counter[] {
  const entry = entries?.find((one) => one.organisationId === organisationId)
  if (entry === undefined) return found
  return found.length === 0 ? entry.counters : [...found, ...entry.counters]
}

function limitOf(limits: Limits, metric: Metric): number | null {
  if (metric === 'requests') return limits.requestsPerMinute
  return metric === 'tokens' ? limits.tokensPerMinute : limits.concurrentRequests
}
