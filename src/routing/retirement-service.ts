import type { Boards, BoardEvidence as Evidence } from '../boards/index.ts'
import type { Catalog } from '../catalog/index.ts'
import {
  type Clock,
  type JsonObject,
  type Log,
  type ModelId,
  newId,
  type OrganisationId,
  type SubjectId,
} from '../kernel/index.ts'
import { type ModelUse, selectModelUse } from '../metering/index.ts'
import { INFANCY } from '../ratings/index.ts'
import type { Store } from '../store/index.ts'
import { refuse } from './errors.ts'
import { findRetirements, type JudgingBoard, type Standing } from './find-retirements.ts'
import type { KeptRules } from './keep-rules.ts'
import { nameModels, startsOf } from './name-models.ts'
import { readBoard } from './read-board.ts'
import { insertRetirement, putRetirementRules, restoreModel } from './store-retirement.ts'
import type {
  Retirement,
  RetirementProposal,
  RetirementRules,
  ShownProposal,
} from './types-retirement.ts'

const DAY_MS = 86_400_000
/** Use and savings are those of so many days. */
export const USE_DAYS = 30

export const DEFAULT_RETIREMENT: RetirementRules = {
  slices: ['overall'],
  infancy: INFANCY,
  isAutomatic: false,
  mostFreeShare: 0.05,
  sunsetDays: 90,
}

export interface RetirementOptions {
  readonly rules: KeptRules
  readonly store: Pick<Store, 'db' | 'transaction' | 'changes'>
  readonly clock: Clock
  readonly log: Log
  readonly catalog: Pick<Catalog, 'rows' | 'snapshot'>
  readonly boards: Pick<Boards, 'evidence'>
  /** What a typical request costs at a listing, in the owner's currency; null: unknown. */
  readonly priceOf: (listingId: string) => number | null
  /** What pico-units of a currency are in the owner's; null: no rate is known. */
  readonly inOwn: (cost: {
    readonly currency: string
    readonly amountPico: bigint
  }) => number | null
}

export interface RetireWish {
  readonly model: string
  /** Null: the one of the proposal, if there is one. */
  readonly successor: string | null
  /** From when on it does not answer by name either; null: it goes on. */
  readonly sunsetAt: Date | null
}

export interface NamedRetirement extends Retirement {
  readonly model: string
  readonly successor: string | null
}

export interface Retirements {
  rulesOf(organisationId: OrganisationId): RetirementRules
  setRules(organisationId: OrganisationId, rules: RetirementRules): Promise<RetirementRules>
  /** By the boards of the organisation that runs the market. */
  proposals(organisationId: OrganisationId): Promise<readonly ShownProposal[]>
  /** All there were, oldest first. */
  list(): readonly NamedRetirement[]
  /** `routing_model_unknown`, `routing_retired_already`, `routing_successor_invalid`. */
  retire(
    by: { readonly organisationId: OrganisationId; readonly subjectId: SubjectId },
    wish: RetireWish,
  ): Promise<NamedRetirement>
  /** `routing_model_unknown`, `routing_not_retired`. */
  restore(by: { readonly subjectId: SubjectId }, model: string): Promise<NamedRetirement>
  /** Retires what organisations said that their market may retire by itself. How many. */
  runRules(): Promise<number>
}

export function openRetirements(options: RetirementOptions): Retirements {
  return new RetirementService(options)
}

class RetirementService implements Retirements {
  readonly #options: RetirementOptions

  constructor(options: RetirementOptions) {
    this.#options = options
  }

  rulesOf(organisationId: OrganisationId): RetirementRules {
    return this.#options.rules.now().retirementRules.get(organisationId) ?? DEFAULT_RETIREMENT
  }

  async setRules(organisationId: OrganisationId, rules: RetirementRules): Promise<RetirementRules> {
    const at = new Date(this.#options.clock.nowMs())
    await this.#change(async (db) => {
      await putRetirementRules(db, organisationId, { rules, at })
    })
    return this.rulesOf(organisationId)
  }

  async proposals(organisationId: OrganisationId): Promise<readonly ShownProposal[]> {
    const { boards, clock, store } = this.#options
    const rules = this.rulesOf(organisationId)
    const found = await Promise.all(
      rules.slices.map(async (slice) => {
        const of = { organisationId, league: 'models', kind: 'votes', slice } as const
        const evidence = await boards.evidence(of)
        return evidence === null ? null : { evidence, slice }
      }),
    )
    const evidences = found.filter((one) => one !== null)
    if (evidences.length < found.length) return [] // a board that is not there certifies nothing
    const judging = evidences.map(
      ({ evidence, slice }): JudgingBoard => ({
        board: readBoard(evidence, slice),
        version: evidence.version.number,
        information: evidence.information,
      }),
    )
    const proposed = findRetirements(this.#standing(), judging, rules)
    if (proposed.length === 0) return []
    const since = new Date(clock.nowMs() - USE_DAYS * DAY_MS)
    const use = await selectModelUse(store.db, { organisationId: null, since })
    return proposed.map((one) => {
      const full: RetirementProposal = {
        ...one,
        boards: one.boards.map((board, at) => ({
          ...board,
          ...certificateOf(evidences[at]?.evidence, one),
        })),
      }
      const own = use.models.find(({ modelId }) => modelId === one.modelId)
      return { ...full, use: countUse(own, use.choosers), saved: this.#saved(full, own) }
    })
  }

  /** Models that take traffic in the league of models, with their price and age. */
  #standing(): Standing[] {
    const { catalog, clock, priceOf, rules } = this.#options
    const rows = catalog.rows()
    const retired = rules.now().retired
    const starts = startsOf(rows)
    const live = Map.groupBy(catalog.snapshot().listings, ({ modelId }) => modelId)
    return [...live].flatMap(([id, listings]): Standing[] => {
      const [first] = listings
      if (first === undefined || first.league !== 'models' || retired.has(id)) return []
      const prices = listings.flatMap(({ listingId }) => priceOf(listingId) ?? [])
      const ageDays = (clock.nowMs() - (starts.get(id) ?? clock.nowMs())) / DAY_MS
      const price = prices.length === 0 ? null : Math.min(...prices)
      return [{ id, name: first.modelName, price, ageDays }]
    })
  }

  #saved({ price, successorPrice }: RetirementProposal, use: ModelUse | undefined): number | null {
    if (use === undefined) return 0
    if (use.costs.length === 0 || price === 0) return null
    let spent = 0
    for (const cost of use.costs) {
      const own = this.#options.inOwn(cost)
      if (own === null) return null
      spent += own
    }
    return spent * (1 - successorPrice / price)
  }

  list(): readonly NamedRetirement[] {
    const { rules, catalog } = this.#options
    const { nameOf } = nameModels(catalog.rows())
    return rules.now().retirements.map((one) => ({
      ...one,
      model: nameOf(one.modelId) ?? one.modelId,
      successor: one.successorId === null ? null : nameOf(one.successorId),
    }))
  }

  async retire(
    by: { readonly organisationId: OrganisationId; readonly subjectId: SubjectId },
    wish: RetireWish,
  ): Promise<NamedRetirement> {
    const modelId = this.#find(wish.model)
    const proposals = await this.proposals(by.organisationId)
    const proposal = proposals.find((one) => one.modelId === modelId)
    const successorId =
      wish.successor === null ? (proposal?.successorId ?? null) : this.#find(wish.successor)
    if (successorId !== null) this.#demandSuccessor(modelId, successorId)
    return this.#retire({
      ...{ modelId, successorId, sunsetAt: wish.sunsetAt, retiredBy: by.subjectId },
      evidence: proposal === undefined ? null : evidenceOf(proposal),
    })
  }

  async #retire(
    of: Pick<Retirement, 'modelId' | 'successorId' | 'sunsetAt' | 'retiredBy' | 'evidence'>,
  ): Promise<NamedRetirement> {
    const id = newId()
    const retiredAt = new Date(this.#options.clock.nowMs())
    await this.#change(async (db) => {
      const one = { ...of, id, retiredAt, restoredAt: null, restoredBy: null }
      if (!(await insertRetirement(db, one)))
        throw refuse('routing_retired_already', 'The model is retired already.')
    })
    return this.#shown(id)
  }

  async restore(by: { readonly subjectId: SubjectId }, model: string): Promise<NamedRetirement> {
    const modelId = this.#find(model)
    const standing = this.#options.rules.now().retired.get(modelId)
    const at = new Date(this.#options.clock.nowMs())
    await this.#change(async (db) => {
      if (!(await restoreModel(db, { modelId, at, by: by.subjectId })))
        throw refuse('routing_not_retired', `${model} is not retired.`)
    })
    return this.#shown(standing?.id ?? '')
  }

  async runRules(): Promise<number> {
    let count = 0
    for (const [organisationId, rules] of this.#options.rules.now().retirementRules) {
      if (!rules.isAutomatic) continue
      for (const proposal of await this.proposals(organisationId)) {
        const { retired } = this.#options.rules.now()
        if ((proposal.use.chooserShare ?? 0) > rules.mostFreeShare) continue
        if (retired.has(proposal.modelId) || retired.has(proposal.successorId)) continue
        const { modelId, successorId } = proposal
        const sunsetMs = rules.sunsetDays === null ? null : rules.sunsetDays * DAY_MS
        const nowMs = this.#options.clock.nowMs()
        const sunsetAt = sunsetMs === null ? null : new Date(nowMs + sunsetMs)
        const evidence = evidenceOf(proposal)
        await this.#retire({ modelId, successorId, sunsetAt, retiredBy: null, evidence })
        const fields = { model: proposal.model, successor: proposal.successor }
        this.#options.log.info(fields, 'a dominated model is retired by rule')
        count += 1
      }
    }
    return count
  }

  #find(name: string): ModelId {
    const found = nameModels(this.#options.catalog.rows()).find(name)
    if (found !== null) return found
    const shown = JSON.stringify(name.slice(0, 200))
    throw refuse(
      'routing_model_unknown',
      `The catalog has no model ${shown}. See GET /api/models.`,
      {
        param: 'model',
      },
    )
  }

  #demandSuccessor(modelId: ModelId, successorId: ModelId): void {
    if (modelId !== successorId && !this.#options.rules.now().retired.has(successorId)) return
    throw refuse(
      'routing_successor_invalid',
      'A successor is another model that is not retired itself. Name another one.',
      { param: 'successor' },
    )
  }

  #shown(id: string): NamedRetirement {
    const found = this.list().find((one) => one.id === id)
    if (found === undefined) throw refuse('routing_not_retired', 'The model is not retired.')
    return found
  }

  async #change(work: (db: Store['db']) => Promise<void>): Promise<void> {
    const { store, rules } = this.#options
    await store.transaction(async (trx) => {
      await work(trx)
      await store.changes.announce(trx, 'routing', 'retirement')
    })
    await rules.reload()
  }
}

function certificateOf(
  evidence: Evidence | undefined,
  of: Pick<RetirementProposal, 'modelId' | 'successorId'>,
) {
  const found = evidence?.certificates.find(
    ({ better, worse }) => better === of.successorId && worse === of.modelId,
  )
  return {
    certifiedAt: found?.certifiedAt ?? null,
    logE: found?.logE ?? null,
    tolerance: found?.tolerance ?? null,
  }
}

function countUse(use: ModelUse | undefined, all: number): ShownProposal['use'] {
  const choosers = use?.choosers ?? 0
  return {
    requests: use?.requests ?? 0,
    routedRequests: use?.routedRequests ?? 0,
    choosers,
    chooserShare: all === 0 ? null : choosers / all,
  }
}

/** The proposal as it is kept for good. */
function evidenceOf(proposal: ShownProposal): JsonObject {
  const { model, successor, price, successorPrice, ageDays, use, saved } = proposal
  return {
    ...{ model, successor, price, successor_price: successorPrice, age_days: ageDays },
    saved_amount: saved,
    use: { ...use },
    boards: proposal.boards.map(({ certifiedAt, ...board }) => ({
      ...board,
      certified_at: certifiedAt?.toISOString() ?? null,
    })),
  }
}
