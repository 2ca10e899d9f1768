import { createHash } from 'node:crypto'
import { type Boards, findCategory } from '../boards/index.ts'
import type { Catalog, LiveListing, Resolution } from '../catalog/index.ts'
import { type Clock, type Log, type OrganisationId, Refusal } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { chooseRoute, type RouteWish } from './choose-route.ts'
import { refuse } from './errors.ts'
import { openPins, type Pins } from './keep-pins.ts'
import { isOpenEnough, type Lack, lacksOf } from './keep-policy.ts'
import type { KeptRules } from './keep-rules.ts'
import { readListingFacts } from './list-candidates.ts'
import { openWaits, type Waits } from './measure-waits.ts'
import { readBoard } from './read-board.ts'
import { deletePolicy, putPolicy, putRouteSettings } from './store.ts'
import { tellHow, tellNoneFits, tellRoute } from './tell-route.ts'
import type { Bound, RouteAsk, Routed, Routing } from './types-asking.ts'
import {
  type ListingFacts,
  type Policy,
  ROUTED_NAMES,
  type RouteBoard,
  type RouteCandidate,
  type RoutedName,
  type RouteSettings,
} from './types-choice.ts'

/** A board is looked at again after this: a vote changes where the next requests go. */
const BOARD_MS = 200
/** How many other models may stand in for the chosen one. */
const MOST_OTHERS = 4
/** In US dollars: what it is worth that the preferred answer is given, unless the owner says. */
export const WIN_VALUE_USD = 0.05

const NAMES: ReadonlySet<string> = new Set(ROUTED_NAMES)

export interface RoutingOptions {
  readonly rules: KeptRules
  readonly store: Pick<Store, 'db' | 'transaction' | 'changes'>
  readonly clock: Clock
  readonly log: Log
  readonly catalog: Pick<Catalog, 'rows' | 'snapshot'>
  readonly boards: Pick<Boards, 'currentFor'>
  /** What a typical request costs at a listing, in the owner's currency; null: unknown. */
  readonly priceOf: (listingId: string) => number | null
  /** Dollars in the owner's currency; null: no rate is known. */
  readonly fromUsd: (amount: number) => number | null
  readonly random?: () => number
}

/** Everything that routing does, and its rules for those who change them. */
export interface OpenRouting extends Routing {
  readonly rules: KeptRules
}

export function openRouting(options: RoutingOptions): OpenRouting {
  return new RoutingService(options)
}

interface KeptBoard {
  readonly atMs: number
  readonly version: unknown
  readonly board: RouteBoard | null
}

class RoutingService implements OpenRouting {
  readonly rules: KeptRules
  readonly #options: RoutingOptions
  readonly #pins: Pins = openPins()
  readonly #waits: Waits = openWaits()
  readonly #boards = new Map<string, KeptBoard>()
  #facts: { readonly rows: unknown; readonly of: (listing: LiveListing) => ListingFacts } | null =
    null

  constructor(options: RoutingOptions) {
    this.#options = options
    this.rules = options.rules
  }

  isRouted: Routing['isRouted'] = (name, operation) =>
    name.startsWith('auto') && NAMES.has(name) && operation !== 'embeddings'

  headersOf: Routing['headersOf'] = (modelId) => this.rules.now().headers.get(modelId) ?? NONE

  observe: Routing['observe'] = (listingId, firstByteMs, isStream) =>
    this.#waits.add(listingId, firstByteMs, isStream)

  policyOf: Routing['policyOf'] = (caller) => this.rules.now().policyOf(caller)

  retiredAt: Routing['retiredAt'] = (modelId) =>
    this.rules.now().retired.get(modelId as LiveListing['modelId'])?.retiredAt ?? null

  mayBeDrawn(listing: LiveListing, caller: Bound): boolean {
    const rules = this.rules.now()
    if (rules.retired.has(listing.modelId)) return false
    const policy = rules.policyOf(caller)
    return policy === null || lacksOf(this.#factsOf(listing), policy).length === 0
  }

  bound(found: Resolution, caller: Bound): Resolution {
    if (found.kind !== 'listing') return found
    const rules = this.rules.now()
    const gone = rules.retired.get(found.listing.modelId)
    if (gone !== undefined && gone.sunsetAt !== null) this.#demandStillThere(gone, found)
    if (found.others.length === 0) return found
    const policy = rules.policyOf(caller)
    if (policy === null) return found
    const allowed = [found.listing, ...found.others].filter(
      (listing) => lacksOf(this.#factsOf(listing), policy).length === 0,
    )
    const [listing, ...others] = allowed
    // Who names a model has chosen it. Where the market chooses, it keeps to the policy.
    return listing === undefined ? { ...found, others: [] } : { ...found, listing, others }
  }

  #demandStillThere(
    gone: { readonly sunsetAt: Date | null; readonly successorId: string | null },
    { listing }: Extract<Resolution, { kind: 'listing' }>,
  ): void {
    if (gone.sunsetAt === null || gone.sunsetAt.getTime() > this.#options.clock.nowMs()) return
    const { models } = this.#options.catalog.rows()
    const successor = models.find(({ id }) => id === gone.successorId)
    const next =
      successor === undefined
        ? 'Ask for "auto", or see GET /v1/models.'
        : `Its successor is ${successor.publisher}/${successor.name}.`
    const day = gone.sunsetAt.toISOString().slice(0, 10)
    throw refuse('routing_model_gone', `${listing.modelName} left the market on ${day}. ${next}`, {
      param: 'model',
    })
  }

  async choose(ask: RouteAsk): Promise<Routed> {
    const { conversation } = ask
    const name = ask.name as RoutedName // `isRouted` said so
    const category = conversation.asked === null ? null : findCategory(conversation.asked)
    const nowMs = this.#options.clock.monotonicMs()
    const key = pinKey(ask)
    const random = this.#options.random ?? Math.random
    const { choice, lacks, isOverLimits } = await this.#decide(ask, {
      category,
      pinnedId: key === null ? null : this.#pins.find(key, nowMs),
      lots: { explore: random(), place: random() },
    })
    const [first, ...others] = choice.order
    if (first === undefined) throw refuse('routing_none_fits', tellNoneFits(lacks, isOverLimits))
    const isExploration = choice.reason === 'exploration'
    if (key !== null && !isExploration) this.#pins.keep(key, first.listing.listingId, nowMs)
    const route = tellRoute(choice, category)
    return {
      listing: first.listing,
      others: others.slice(0, MOST_OTHERS).map(({ listing }) => listing),
      how: tellHow(name, route),
      route,
      purpose: isExploration ? 'exploration' : 'use',
    }
  }

  async preview({
    name,
    principal,
    category,
  }: Parameters<Routing['preview']>[0]): Promise<string | null> {
    const fits = ({ capabilities }: LiveListing): boolean =>
      capabilities.length === 0 || capabilities.includes('chat')
    const standingOf = () => 'healthy' as const
    const { choice } = await this.#decide(
      { name, principal, fits, standingOf },
      { category, pinnedId: null, lots: { explore: 1, place: 0 } },
    )
    return choice.order[0]?.listing.modelName ?? null
  }

  async #decide(
    ask: Omit<RouteAsk, 'conversation'>,
    of: Pick<RouteWish, 'pinnedId' | 'lots'> & { readonly category: string | null },
  ) {
    const { principal } = ask
    const name = ask.name as RoutedName
    const { fitting, lacks } = this.#eligible(ask, name)
    const settings = this.settings(principal.organisationId)
    const league = fitting[0]?.listing.league ?? 'models'
    const slices = of.category === null ? ['overall'] : [`category:${of.category}`, 'overall']
    const found = await Promise.all(
      slices.map((slice) => this.#board(principal, { league, slice })),
    )
    const choice = chooseRoute(fitting, {
      goal: name === 'auto:cheap' ? 'cheap' : name === 'auto:fast' ? 'fast' : 'best',
      boards: found.filter((board) => board !== null),
      ...settings,
      winValue: settings.winValue ?? this.#options.fromUsd(WIN_VALUE_USD) ?? WIN_VALUE_USD,
      ...{ pinnedId: of.pinnedId, lots: of.lots },
    })
    return { choice, lacks, isOverLimits: fitting.length > 0 }
  }

  /** Who may answer, in the catalog's order, and what policies found lacking in the others. */
  #eligible(ask: Omit<RouteAsk, 'conversation'>, name: RoutedName) {
    const { catalog, priceOf } = this.#options
    const { principal } = ask
    const snapshot = catalog.snapshot()
    const rules = this.rules.now()
    const able = snapshot.autoListings.filter(
      (one) =>
        !rules.retired.has(one.modelId) && snapshot.allows(one, principal.models) && ask.fits(one),
    )
    if (able.length === 0)
      throw refuse(
        'routing_none_live',
        `No model that this key may use takes traffic and can do what is asked, so "${name}" has no choice. GET /v1/models lists what is there.`,
        { param: 'model' },
      )
    const policy = rules.policyOf(principal)
    const lacks = new Set<Lack>()
    const fitting: RouteCandidate[] = []
    for (const listing of able) {
      const facts = this.#factsOf(listing)
      const lacking = policy === null ? [] : lacksOf(facts, policy)
      if (name === 'auto:open' && !isOpenEnough(facts.openness, 'weights')) lacking.push('openness')
      for (const lack of lacking) lacks.add(lack)
      if (lacking.length > 0) continue
      const { listingId } = listing
      const standing = ask.standingOf(listing)
      const firstByteMs = this.#waits.medianMs(listingId)
      fitting.push({ listing, price: priceOf(listingId), firstByteMs, standing })
    }
    return { fitting, lacks }
  }

  #factsOf(listing: LiveListing): ListingFacts {
    const rows = this.#options.catalog.rows()
    if (this.#facts?.rows !== rows) this.#facts = { rows, of: readListingFacts(rows) }
    return this.#facts.of(listing)
  }

  /** The board of the caller's organisation; null: there is none that speaks for the caller. */
  async #board(
    { organisationId, subjectId }: Principal,
    of: { readonly league: LiveListing['league']; readonly slice: string },
  ): Promise<RouteBoard | null> {
    const { boards, clock, log } = this.#options
    const key = `${organisationId} ${of.league} ${of.slice} ${subjectId}`
    const kept = this.#boards.get(key)
    if (kept !== undefined && clock.monotonicMs() - kept.atMs < BOARD_MS) return kept.board
    try {
      const current = await boards.currentFor({ organisationId, kind: 'votes', ...of }, subjectId)
      const version = current?.payload ?? null
      const isSame = kept !== undefined && kept.version === version
      const board = isSame ? kept.board : this.#readShared(current, of.slice)
      this.#boards.delete(key)
      this.#boards.set(key, { atMs: clock.monotonicMs(), version, board })
      const [oldest] = this.#boards.keys()
      if (this.#boards.size > MOST_BOARDS && oldest !== undefined) this.#boards.delete(oldest)
      return board
    } catch (error) {
      if (error instanceof Refusal && !error.isRetryable) throw error
      log.debug({ reason: String(error) }, 'a board could not be read: the last one routes')
      return kept?.board ?? null
    }
  }

  /** Callers of one organisation share what is made of a version. */
  readonly #made = new WeakMap<object, RouteBoard>()
  #readShared(
    current: Awaited<ReturnType<Boards['currentFor']>>,
    slice: string,
  ): RouteBoard | null {
    if (current === null) return null
    const made = this.#made.get(current.payload) ?? readBoard(current, slice)
    this.#made.set(current.payload, made)
    return made
  }

  settings(organisationId: OrganisationId): RouteSettings {
    return this.rules.now().settingsOf(organisationId)
  }

  async setSettings(
    organisationId: OrganisationId,
    settings: RouteSettings,
  ): Promise<RouteSettings> {
    const at = new Date(this.#options.clock.nowMs())
    await this.#change((db) => putRouteSettings(db, organisationId, { settings, at }))
    return this.settings(organisationId)
  }

  policies: Routing['policies'] = (organisationId) =>
    this.rules.now().policies.filter((held) => held.organisationId === organisationId)

  async setPolicy(whose: Bound, policy: Policy | null): Promise<void> {
    const updatedAt = new Date(this.#options.clock.nowMs())
    await this.#change((db) =>
      policy === null ? deletePolicy(db, whose) : putPolicy(db, { ...whose, policy, updatedAt }),
    )
  }

  async #change(work: (db: Store['db']) => Promise<void>): Promise<void> {
    const { store } = this.#options
    await store.transaction(async (trx) => {
      await work(trx)
      await store.changes.announce(trx, 'routing', 'changed')
    })
    await this.rules.reload()
  }
}

const NONE: readonly string[] = []
const MOST_BOARDS = 2_000

/** By what a conversation is known again; null: it cannot be. */
function pinKey({ name, principal, conversation }: RouteAsk): string | null {
  if (conversation.beginning === null) return null
  const hash = createHash('sha256')
  hash.update(`${principal.subjectId} ${principal.keyId ?? ''} ${name}\n`)
  return hash.update(conversation.beginning).digest('base64')
}
