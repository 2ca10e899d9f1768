import type { Clock, Refusal } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { refuse } from './errors.ts'
import { isUnlimited } from './may-grant.ts'
import { type Outdated, writeOutdated } from './outdated.ts'
import type { Page, PageWish, Principal } from './types.ts'

export type Database = Store['db']

/** What the services of this domain work with. */
export interface Means {
  readonly store: Pick<Store, 'db' | 'transaction' | 'changes'>
  readonly clock: Clock
  /** Makes this process forget what a change has outdated. */
  readonly forget: (outdated: Outdated) => void
}

/** What a change of who may do what answers, and what it outdates; null: it outdates nothing. */
export interface AccessChange<T> {
  readonly result: T
  readonly outdated: Outdated | null
}

/**
 * Runs a change of who may do what in one transaction, which tells the other processes, and makes
 * this one forget what was true before: whether the commit worked or its answer was lost.
 */
export async function changeAccess<T>(
  { store, forget }: Means,
  work: (trx: Database) => Promise<AccessChange<T>>,
): Promise<T> {
  let outdated: Outdated | null = null
  try {
    return await store.transaction(async (trx) => {
      const change = await work(trx)
      outdated = change.outdated
      if (outdated !== null) await store.changes.announce(trx, 'people', writeOutdated(outdated))
      return change.result
    })
  } finally {
    if (outdated !== null) forget(outdated)
  }
}

/** One page of a list, from a query that is asked for one item more than the page takes. */
export async function pageOf<Item extends { readonly id: string }>(
  wish: PageWish,
  query: (wish: PageWish) => Promise<Item[]>,
): Promise<Page<Item>> {
  const found = await query({ ...wish, limit: wish.limit + 1 })
  const items = found.slice(0, wish.limit)
  const hasMore = found.length > wish.limit
  return { items, nextCursor: hasMore ? (items.at(-1)?.id ?? null) : null }
}

export function refuseWeakRole(what: string): Refusal {
  return refuse('people_role_too_weak', `Your role does not let you ${what}. Ask an owner.`)
}

/** Ends here for a key that could hand out more than it has itself. */
export function demandUnlimited(caller: Principal): void {
  if (isUnlimited(caller)) return
  throw refuse(
    'people_key_limited',
    'Only a session or a person’s key without limits may do this: it lets people in.',
  )
}
