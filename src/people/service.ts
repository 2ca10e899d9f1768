import { createHash } from 'node:crypto'
import {
  assert,
  type Clock,
  type Log,
  type OrganisationId,
  type SubjectId,
  silentLog,
} from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { openAuthenticator } from './authenticate.ts'
import { hashSecret } from './key-format.ts'
import { readOutdated } from './outdated.ts'
import { type Keys, loadAndNoteKeys, openKeys } from './service-keys.ts'
import type { Means } from './service-means.ts'
import { type Organisations, openOrganisations } from './service-organisations.ts'
import { openPeopleOfOrganisation, type PeopleOfOrganisation } from './service-people.ts'
import { type OwnerSetUp, setUpOwner } from './service-set-up.ts'
import {
  type LinkMeans,
  loadAndExtendSessions,
  makeLink,
  openSignIn,
  type SignIn,
} from './service-sign-in.ts'
import { openTeams, type Teams } from './service-teams.ts'
import { findKey } from './store-keys.ts'
import { findFirstOwner, findHouse, findOrganisation, findPerson } from './store-people.ts'
import type { Authenticate, Key, Organisation, Person, Principal, SignInLink } from './types.ts'

export interface PeopleOptions {
  readonly store: Pick<Store, 'db' | 'transaction' | 'changes'>
  readonly clock: Clock
  /** Absent: nothing is logged. */
  readonly log?: Log
  /** Where the market answers, without a slash at its end; asked for when a link is made. */
  readonly url: () => string
  /** What a scraper of /metrics sends as its key; null: only house owners may scrape. */
  readonly scrapeToken: string | null
  /** How people call the program here, for hints; absent: `baimo`. */
  readonly command?: string
}

export interface People {
  readonly authenticate: Authenticate
  readonly keys: Keys
  readonly people: PeopleOfOrganisation
  readonly teams: Teams
  readonly organisations: Organisations
  readonly signIn: SignIn
  /** See `setUpOwner` in service-set-up.ts. */
  setUpOwner(ownerKeyPath: string): Promise<OwnerSetUp>
  /** A one-time link for the house's first owner, printed at the start. */
  createOwnerLink(): Promise<SignInLink>
  /** This market's name for itself, all its processes alike; no id of anything in it. */
  marketId(): Promise<string>
  /** Who the caller is, with the names behind the ids. */
  describe(caller: Principal): Promise<Me>
}

export interface Me {
  /** Null for a team's key. */
  readonly person: Person | null
  readonly organisation: Organisation | null
  /** Null for a session. */
  readonly key: Key | null
}

/** Everything of this domain on one store. */
export function openPeople(options: PeopleOptions): People {
  const { store, clock, log = silentLog, command = 'baimo' } = options
  const authenticator = openAuthenticator({
    clock,
    loadKeys: (hashes) => loadAndNoteKeys(store.db, hashes, { nowMs: clock.nowMs(), log }),
    loadSessions: (hashes) => loadAndExtendSessions(store.db, hashes, clock.nowMs()),
    isHearing: () => store.changes.isHearing,
    scrape: scraperOf(options.scrapeToken),
    command,
  })
  // For as long as the store is open.
  store.changes.listen('people', {
    onChange: (detail) => authenticator.forget(readOutdated(detail)),
    onGap: () => authenticator.forget({ kind: 'all' }),
  })
  const means: Means & LinkMeans = {
    store,
    clock,
    url: options.url,
    command,
    forget: authenticator.forget,
  }
  return {
    authenticate: authenticator.authenticate,
    keys: openKeys(means),
    people: openPeopleOfOrganisation(means),
    teams: openTeams(means),
    organisations: openOrganisations(means),
    signIn: openSignIn(means),
    setUpOwner: (ownerKeyPath) => setUpOwner(means, ownerKeyPath),
    createOwnerLink: () => createOwnerLink(means),
    marketId: () => marketId(means),
    describe: (caller) => describe(means, caller),
  }
}

async function createOwnerLink(means: LinkMeans): Promise<SignInLink> {
  const house = await findHouse(means.store.db)
  const owner = house === null ? null : await findFirstOwner(means.store.db, house.id)
  assert(house !== null && owner !== null, 'people: the owner is set up before it gets a link')
  return makeLink(means.store.db, means, {
    personId: owner.id,
    organisationId: house.id,
    madeByKeyId: null,
  })
}

async function marketId({ store }: Means): Promise<string> {
  const house = await findHouse(store.db)
  assert(house !== null, 'people: the house is set up before it is named')
  return createHash('sha256').update(`market ${house.id}`).digest('hex').slice(0, 32)
}

async function describe({ store }: Means, caller: Principal): Promise<Me> {
  const { organisationId, personId, keyId } = caller
  return {
    person: personId === null ? null : await findPerson(store.db, organisationId, personId),
    organisation: await findOrganisation(store.db, organisationId),
    key: keyId === null ? null : await findKey(store.db, organisationId, keyId),
  }
}

/** The scraper is nobody: it stands for no subject and no organisation. */
function scraperOf(token: string | null) {
  if (token === null) return null
  const principal: Principal = {
    via: 'scrape-token',
    subjectId: nobody as SubjectId,
    organisationId: nobody as OrganisationId,
    personId: null,
    teamId: null,
    role: 'member',
    isHouse: true,
    keyId: null,
    models: null,
    scopes: ['metrics'],
    expiresAtMs: null,
  }
  return { hash: hashSecret(token), principal }
}

const nobody = '00000000-0000-0000-0000-000000000000'
