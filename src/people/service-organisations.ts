import { newId, type OrganisationId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { makeSlug } from './make-slug.ts'
import { demandMaker } from './service-made.ts'
import { type Database, demandUnlimited, pageOf } from './service-means.ts'
import { addPerson, type NewPersonWish } from './service-people.ts'
import { type LinkMeans, makeLink } from './service-sign-in.ts'
import { insertOrganisation, listOrganisations } from './store-people.ts'
import type { Organisation, Page, PageWish, Person, Principal, SignInLink } from './types.ts'

export interface NewOrganisationWish {
  readonly name: string
  /** Null: made from the name. */
  readonly slug: string | null
  readonly owner: Omit<NewPersonWish, 'role'>
}

export interface Organisations {
  list(page: PageWish): Promise<Page<Organisation>>
  /** A new organisation, its first owner, and the link that lets them in. */
  create(
    caller: Principal,
    wish: NewOrganisationWish,
  ): Promise<{ organisation: Organisation; owner: Person; link: SignInLink }>
}

export function openOrganisations(means: LinkMeans): Organisations {
  const { store, clock } = means
  return {
    list: (page) => pageOf(page, (wish) => listOrganisations(store.db, wish)),
    create: (caller, wish) =>
      store.transaction(async (trx) => {
        demandUnlimited(caller)
        const now = new Date(clock.nowMs())
        const organisation = await addOrganisation(trx, { ...wish, isHouse: false }, now)
        const madeBy = await demandMaker(trx, caller)
        const owner = await addPerson(
          trx,
          organisation.id,
          { ...wish.owner, role: 'owner' },
          { madeBy, now },
        )
        const { keyId: madeByKeyId } = madeBy
        const target = { personId: owner.id, organisationId: organisation.id, madeByKeyId }
        return { organisation, owner, link: await makeLink(trx, means, target) }
      }),
  }
}

/** Adds an organisation. Refuses with `people_slug_taken` where the slug was asked for. */
export async function addOrganisation(
  db: Database,
  wish: { readonly name: string; readonly slug: string | null; readonly isHouse: boolean },
  now: Date,
): Promise<Organisation> {
  const id: OrganisationId = newId()
  const tries = wish.slug === null ? [makeSlug(wish.name), makeSlug(wish.name, id)] : [wish.slug]
  for (const slug of tries) {
    const organisation = { id, name: wish.name, slug, isHouse: wish.isHouse, createdAt: now }
    if (await insertOrganisation(db, organisation)) return organisation
  }
  throw refuse('people_slug_taken', 'Another organisation has this slug. Send another, or none.', {
    param: 'slug',
  })
}
