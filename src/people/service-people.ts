import { newId, type OrganisationId, type PersonId, type Refusal } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { mayChangeRole } from './may-grant.ts'
import { demandMaker } from './service-made.ts'
import {
  changeAccess,
  type Database,
  demandUnlimited,
  pageOf,
  refuseWeakRole,
} from './service-means.ts'
import { type LinkMeans, makeLink } from './service-sign-in.ts'
import { retireKeysOfPerson } from './store-keys.ts'
import {
  countOwners,
  deleteMember,
  erasePerson,
  findPerson,
  insertPerson,
  listPeople,
  lockOrganisation,
  setRole,
  updatePerson,
} from './store-people.ts'
import { deleteSessionsOf } from './store-sign-in.ts'
import { leaveTeams } from './store-teams.ts'
import type { Maker, Page, PageWish, Person, Principal, Role, SignInLink } from './types.ts'

export interface NewPersonWish {
  readonly name: string
  readonly email: string | null
  readonly role: Role
}

/** Absent: stays as it is. */
export interface PersonChange {
  readonly name?: string | undefined
  readonly email?: string | null | undefined
  readonly role?: Role | undefined
}

export interface PeopleOfOrganisation {
  list(caller: Principal, page: PageWish): Promise<Page<Person>>
  /** A new person of the caller's organisation and the link that lets them in. */
  create(caller: Principal, wish: NewPersonWish): Promise<{ person: Person; link: SignInLink }>
  update(caller: Principal, personId: string, change: PersonChange): Promise<Person>
  /**
   * Ends a membership: keys and sessions there end with it. Whose last membership it was is
   * erased: name, address and sign-ins go, what the subject used stays without a link to anybody.
   */
  remove(caller: Principal, personId: string): Promise<void>
}

export function openPeopleOfOrganisation(means: LinkMeans): PeopleOfOrganisation {
  const { store, clock } = means
  return {
    list: (caller, page) =>
      pageOf(page, (wish) => listPeople(store.db, caller.organisationId, wish)),
    create: (caller, wish) =>
      store.transaction(async (trx) => {
        demandUnlimited(caller)
        demandChange(mayChangeRole(caller.role, { from: null, to: wish.role, ownerCount: 1 }))
        const madeBy = await demandMaker(trx, caller)
        const { organisationId } = caller
        const now = new Date(clock.nowMs())
        const person = await addPerson(trx, organisationId, wish, { madeBy, now })
        const target = { personId: person.id, organisationId, madeByKeyId: madeBy.keyId }
        const link = await makeLink(trx, means, target)
        return { person, link }
      }),
    update: (caller, personId, change) =>
      changeAccess(means, async (trx) => {
        const now = new Date(clock.nowMs())
        const person = await changePerson(trx, { caller, personId, change, now })
        return { result: person, outdated: { kind: 'holder', id: person.id } }
      }),
    remove: (caller, personId) =>
      changeAccess(means, async (trx) => {
        const now = new Date(clock.nowMs())
        const id = await removePerson(trx, { caller, personId, now })
        return { result: undefined, outdated: { kind: 'holder', id } }
      }),
  }
}

/** Adds somebody with a first membership. Refuses with `people_email_taken`. */
export async function addPerson(
  db: Database,
  organisationId: OrganisationId,
  wish: NewPersonWish,
  { madeBy, now }: { readonly madeBy: Maker | null; readonly now: Date },
): Promise<Person> {
  const id = newId<'person'>()
  const isAdded = await insertPerson(db, {
    ...wish,
    personId: id,
    subjectId: newId(),
    memberId: newId(),
    organisationId,
    madeBy,
    now,
  })
  if (!isAdded) throw refuseTakenEmail()
  return { ...wish, email: wish.email?.toLowerCase() ?? null, id, createdAt: now, madeBy }
}

async function changePerson(
  db: Database,
  options: { caller: Principal; personId: string; change: PersonChange; now: Date },
): Promise<Person> {
  const { caller, change, now } = options
  const person = await findForChange(db, caller, options.personId)
  const role = change.role ?? person.role
  if (role !== person.role) demandUnlimited(caller)
  const ownerCount = await countOwners(db, caller.organisationId)
  demandChange(mayChangeRole(caller.role, { from: person.role, to: role, ownerCount }))
  const { organisationId } = caller
  if (role !== person.role) await setRole(db, { organisationId, personId: person.id }, role)
  const { name, email } = change
  const isUpdated = await updatePerson(db, person.id, {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    now,
  })
  if (!isUpdated) throw refuseTakenEmail()
  const changed = await findPerson(db, organisationId, person.id)
  return changed ?? person
}

async function removePerson(
  db: Database,
  { caller, personId, now }: { caller: Principal; personId: string; now: Date },
): Promise<PersonId> {
  const person = await findForChange(db, caller, personId)
  const ownerCount = await countOwners(db, caller.organisationId)
  demandChange(mayChangeRole(caller.role, { from: person.role, to: null, ownerCount }))
  const membership = { organisationId: caller.organisationId, personId: person.id }
  await retireKeysOfPerson(db, membership, now)
  await leaveTeams(db, membership)
  await deleteSessionsOf(db, membership)
  const wasLast = await deleteMember(db, membership)
  if (wasLast) await erasePerson(db, person.id)
  return person.id
}

/** A person of the caller's organisation, whose roles nobody else changes meanwhile. */
async function findForChange(db: Database, caller: Principal, personId: string): Promise<Person> {
  await lockOrganisation(db, caller.organisationId)
  const person = await findPerson(db, caller.organisationId, personId)
  if (person !== null) return person
  throw refuse('people_person_not_found', 'Your organisation has no person of that id.')
}

function demandChange(decision: ReturnType<typeof mayChangeRole>): void {
  if (decision.kind === 'role-too-weak')
    throw refuseWeakRole('give, change or remove a role stronger than yours')
  if (decision.kind === 'last-owner')
    throw refuse('people_last_owner', 'This is the last owner. Make somebody else an owner first.')
}

function refuseTakenEmail(): Refusal {
  return refuse('people_email_taken', 'Another person has this address. Send another, or none.', {
    param: 'email',
  })
}
