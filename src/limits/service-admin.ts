import { type Clock, newId, type OrganisationId } from '../kernel/index.ts'
import { type HolderDecision, isAtLeast, type Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { refuse } from './errors.ts'
import { deleteLimits, selectBinding, selectLimits, selectUse, upsertLimits } from './store.ts'
import type { Holder, LimitedHolder, Limits, LimitUse } from './types.ts'

/** Limits with what counts of them now, as far as the database knows. */
export interface LimitsInUse extends LimitedHolder {
  readonly use: LimitUse
}

/** One page of limits, in the order of their ids. */
export interface LimitsPage {
  readonly items: readonly LimitsInUse[]
  /** Null: nothing comes after it. */
  readonly nextCursor: string | null
}

export interface LimitsPageWish {
  /** The last id of the page before; null: from the beginning. */
  readonly cursor: string | null
  readonly limit: number
}

export interface LimitsAdmin {
  /**
   * Those of the caller's organisation and of all that is in it, for its admins; for owners of the
   * house those of every organisation as a whole besides.
   */
  list(caller: Principal, page: LimitsPageWish): Promise<LimitsPage>
  /** Those that bind the caller. */
  listOwn(caller: Principal): Promise<LimitsInUse[]>
  /**
   * Sets all three limits of a holder, in every process within a second.
   * `limits_holder_unknown`, `limits_owner_only`, `limits_role_too_weak`.
   */
  set(caller: Principal, holder: Holder, limits: Limits): Promise<LimitsInUse>
  /** `limits_not_found`, `limits_owner_only`, `limits_role_too_weak`. */
  remove(caller: Principal, holder: Holder): Promise<void>
}

export interface LimitsAdminMeans {
  readonly store: Pick<Store, 'db' | 'transaction' | 'changes'>
  readonly clock: Pick<Clock, 'nowMs'>
  /**
   * Whether an admin's organisation has a holder that is no stronger than the admin; of an
   * organisation whether it exists.
   */
  readonly mayLimit: (caller: Principal, holder: Holder) => Promise<HolderDecision>
}

/** Who may see and set limits, over a store. */
export function openLimitsAdmin(means: LimitsAdminMeans): LimitsAdmin {
  const { store, clock } = means
  return {
    async list(caller, { cursor, limit }) {
      const found = await selectLimits(store.db, caller.organisationId, {
        withAllOrganisations: isHouseOwner(caller),
        afterId: cursor,
        most: limit + 1,
      })
      const items = await withUse(store, found.slice(0, limit))
      const hasMore = found.length > limit
      return { items, nextCursor: hasMore ? (items.at(-1)?.id ?? null) : null }
    },
    async listOwn(caller) {
      const found = await selectBinding(store.db, caller.organisationId, bindingIds(caller))
      return withUse(store, found)
    },
    async set(caller, holder, limits) {
      const organisationId = demandMaySet(caller, holder)
      if ((await decide(means, caller, holder)) === 'unknown')
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
      await decide(means, caller, holder) // whose holder is gone may be removed
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

/** Ends here for holders that are stronger than the caller. */
async function decide(
  { mayLimit }: LimitsAdminMeans,
  caller: Principal,
  holder: Holder,
): Promise<'allowed' | 'unknown'> {
  const decision = await mayLimit(caller, holder)
  if (decision !== 'role-too-weak') return decision
  throw refuse(
    'limits_role_too_weak',
    `Your role does not let you limit a ${holder.kind} of a stronger role. Ask an owner.`,
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
