import { type Clock, newId, type OrganisationId } from '../kernel/index.ts'
import { isAtLeast, type Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { refuse } from './errors.ts'
import { deleteLimits, selectLimits, selectUse, upsertLimits } from './store.ts'
import type { Holder, LimitedHolder, Limits, LimitUse } from './types.ts'

/** Limits with what counts of them now, as far as the database knows. */
export interface LimitsInUse extends LimitedHolder {
  readonly use: LimitUse
}

export interface LimitsAdmin {
  /**
   * Those of the caller's organisation and of all that is in it, for its admins; for owners of the
   * house those of every organisation as a whole besides.
   */
  list(caller: Principal): Promise<LimitsInUse[]>
  /** Those that bind the caller. */
  listOwn(caller: Principal): Promise<LimitsInUse[]>
  /**
   * Sets all three limits of a holder, in every process within a second.
   * `limits_holder_unknown`, `limits_owner_only`.
   */
  set(caller: Principal, holder: Holder, limits: Limits): Promise<LimitsInUse>
  /** `limits_not_found`, `limits_owner_only`. */
  remove(caller: Principal, holder: Holder): Promise<void>
}

export interface LimitsAdminMeans {
  readonly store: Pick<Store, 'db' | 'transaction' | 'changes'>
  readonly clock: Pick<Clock, 'nowMs'>
  /** Whether an organisation has a holder; one that is an organisation: whether it exists. */
  readonly hasHolder: (organisationId: OrganisationId, holder: Holder) => Promise<boolean>
}

/** Who may see and set limits, over a store. */
export function openLimitsAdmin(means: LimitsAdminMeans): LimitsAdmin {
  const { store, clock } = means
  return {
    list: async (caller) => {
      const withAllOrganisations = isHouseOwner(caller)
      const all = await selectLimits(store.db, caller.organisationId, { withAllOrganisations })
      return withUse(store, all)
    },
    listOwn: async (caller) => {
      const { organisationId } = caller
      const all = await selectLimits(store.db, organisationId, { withAllOrganisations: false })
      return withUse(
        store,
        all.filter(({ holder }) => bindingIds(caller).includes(holder.id)),
      )
    },
    async set(caller, holder, limits) {
      const organisationId = demandMaySet(caller, holder)
      if (!(await means.hasHolder(organisationId, holder)))
        throw refuse(
          'limits_holder_unknown',
          `Your organisation has no ${holder.kind} of that id. Look the id up and try again.`,
        )
      const kept = await store.transaction(async (trx) => {
        const updatedAt = new Date(clock.nowMs())
        const row = { id: newId(), holder, organisationId, limits, updatedAt }
        const limited = await upsertLimits(trx, row)
        await store.changes.announce(trx, 'limits', limited.id)
        return limited
      })
      const [shown] = await withUse(store, [kept])
      return shown ?? { ...kept, use: nothing }
    },
    async remove(caller, holder) {
      const organisationId = demandMaySet(caller, holder)
      await store.transaction(async (trx) => {
        if (!(await deleteLimits(trx, organisationId, holder)))
          throw refuse('limits_not_found', `No limit is set for a ${holder.kind} of that id.`)
        await store.changes.announce(trx, 'limits', holder.id)
      })
    },
  }
}

/**
 * The organisation whose limits are set: the caller's own. What an organisation may use as a whole
 * is for owners of the house to say, of any organisation.
 */
function demandMaySet(caller: Principal, holder: Holder): OrganisationId {
  if (holder.kind !== 'organisation') return caller.organisationId
  if (isHouseOwner(caller)) return holder.id
  // Nothing is said of whether another organisation of that id exists.
  if (holder.id !== caller.organisationId)
    throw refuse('limits_holder_unknown', 'Your organisation has no organisation of that id.')
  throw refuse(
    'limits_owner_only',
    'What an organisation may use is set by an owner of the house. Ask one of them.',
  )
}

function isHouseOwner({ isHouse, role }: Principal): boolean {
  return isHouse && isAtLeast(role, 'owner')
}

function bindingIds(caller: Principal): string[] {
  const { keyId, personId, teamId, organisationId } = caller
  return [keyId, personId, teamId, organisationId].filter((id) => id !== null)
}

const nothing: LimitUse = { requests: 0, tokens: 0, concurrent: 0 }

async function withUse(
  store: Pick<Store, 'db'>,
  all: readonly LimitedHolder[],
): Promise<LimitsInUse[]> {
  const uses = await selectUse(
    store.db,
    all.map(({ id }) => id),
  )
  return all.map((limited) => ({ ...limited, use: uses.get(limited.id) ?? nothing }))
}
