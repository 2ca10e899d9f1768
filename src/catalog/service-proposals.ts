import { newId, type SubjectId, type VariantId } from '../kernel/index.ts'
import { keptModel } from './build-snapshot.ts'
import { refuse } from './errors.ts'
import type { Means } from './means.ts'
import { proposeSameModel } from './propose-same-model.ts'
import { insertProposals, moveVariants, updateModel, updateProposal } from './store.ts'
import { type Database, loadCatalog } from './store-load.ts'
import type { CatalogRows, Model, Proposal } from './types.ts'

export interface ProposalServices {
  /** `same`: the other's variants move under the kept model. `different` takes that back. */
  decideProposal(
    id: string,
    decision: { readonly sameness: 'same' | 'different'; readonly by: SubjectId },
  ): Promise<void>
}

export function proposalServices(means: Means): ProposalServices {
  return {
    decideProposal: (id, { sameness, by }) =>
      means.change(async (db, rows) => {
        const proposal = rows.proposals.find((each) => each.id === id)
        if (proposal === undefined) {
          throw refuse('catalog_proposal_unknown', 'No proposal has that id: list them first.')
        }
        if (proposal.state === sameness) return
        const decided = { state: sameness, decidedAtMs: means.clock.nowMs(), decidedBy: by }
        if (sameness === 'same') await merge(db, rows, { ...proposal, ...decided })
        else await part(db, rows, { ...proposal, ...decided })
      }),
  }
}

/** Proposes what the catalog, as this transaction sees it, gives reason to. */
export async function recordProposals(means: Means, db: Database): Promise<void> {
  const rows = await loadCatalog(db)
  const found = proposeSameModel(rows.models, rows.proposals)
  const createdAtMs = means.clock.nowMs()
  await insertProposals(
    db,
    found.map((each) => ({
      ...each,
      id: newId(),
      state: 'open' as const,
      movedVariantIds: [],
      createdAtMs,
      decidedAtMs: null,
      decidedBy: null,
    })),
  )
}

async function merge(db: Database, rows: CatalogRows, proposal: Proposal): Promise<void> {
  const { kept, other } = pairOf(rows, proposal)
  if (kept.mergedIntoId !== null || other.mergedIntoId !== null) {
    throw refuse(
      'catalog_proposal_stale',
      'One of the two is a part of another model by now: take that decision back first.',
    )
  }
  const moved = rows.variants.filter((each) => each.modelId === other.id).map(({ id }) => id)
  await moveVariants(db, moved, kept.id)
  await updateModel(db, { ...other, mergedIntoId: kept.id })
  await updateProposal(db, { ...proposal, movedVariantIds: moved })
}

/** Takes a merge back, or records that the two were never one. */
async function part(db: Database, rows: CatalogRows, proposal: Proposal): Promise<void> {
  const { kept, other } = pairOf(rows, proposal)
  if (other.mergedIntoId === kept.id) {
    await moveVariants(db, stillThere(rows, kept, proposal), other.id)
    await updateModel(db, { ...other, mergedIntoId: null })
  }
  await updateProposal(db, { ...proposal, movedVariantIds: [] })
}

/**
 * Those of the variants that moved which still answer for the kept model, or for what it was merged
 * into later. Others were parted by another decision meanwhile and stay where that put them.
 */
function stillThere(rows: CatalogRows, kept: Model, proposal: Proposal): VariantId[] {
  const mergedInto = new Map(rows.models.map((model) => [model.id, model.mergedIntoId]))
  const holder = keptModel(kept.id, mergedInto)
  const modelOf = new Map(rows.variants.map((variant) => [variant.id, variant.modelId]))
  return proposal.movedVariantIds.filter((id) => modelOf.get(id) === holder)
}

function pairOf(rows: CatalogRows, proposal: Proposal): { kept: Model; other: Model } {
  const kept = rows.models.find((model) => model.id === proposal.keptModelId)
  const other = rows.models.find((model) => model.id === proposal.otherModelId)
  if (kept === undefined || other === undefined) {
    throw refuse('catalog_proposal_unknown', 'The models of this proposal are gone.')
  }
  return { kept, other }
}
