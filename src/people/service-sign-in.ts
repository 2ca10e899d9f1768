import { randomBytes } from 'node:crypto'
import { newId, type PersonId, type Refusal } from '../kernel/index.ts'
import type { Found } from './authenticate.ts'
import { SESSION_MS } from './cookie.ts'
import { refuse } from './errors.ts'
import { hashSecret } from './key-format.ts'
import { mayCall } from './may-call.ts'
import { mayLetIn } from './may-grant.ts'
import { demandMaker } from './service-made.ts'
import {
  changeAccess,
  type Database,
  demandUnlimited,
  type Means,
  refuseWeakRole,
} from './service-means.ts'
import { findFirstMembership, findPerson } from './store-people.ts'
import {
  deleteSession,
  extendSessions,
  insertLink,
  insertSession,
  type LinkTarget,
  loadSessions,
  type TakenLink,
  takeLink,
} from './store-sign-in.ts'
import type { Principal, SignInLink } from './types.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const LINK_MS = 60 * MINUTE_MS

export interface SignIn {
  /**
   * A link that signs in once within the hour: the caller, a person of its organisation of no
   * stronger a role, or for a house owner anybody.
   */
  createLink(caller: Principal, personId: string | null): Promise<SignInLink>
  /** Uses a link up and begins a session: its token, told this once. */
  takeLink(token: string): Promise<{ token: string; expiresAt: Date }>
  /** Ends the session of a token; an unknown one is fine. */
  endSession(token: string): Promise<void>
}

export interface LinkMeans extends Means {
  /** Where the market answers, without a slash at its end. */
  readonly url: () => string
  /** How people call the program here. */
  readonly command: string
}

export function openSignIn(means: LinkMeans): SignIn {
  const { store } = means
  return {
    createLink: (caller, personId) =>
      store.transaction(async (trx) => {
        demandUnlimited(caller)
        const madeBy = await demandMaker(trx, caller)
        const target = await findLinkTarget(trx, caller, personId ?? caller.personId ?? '')
        return makeLink(trx, means, { ...target, madeByKeyId: madeBy.keyId })
      }),
    takeLink: async (token) => {
      // What cannot be a token is refused without a look into the database.
      if (!TOKEN.test(token)) throw refuseLink(means)
      return store.transaction(async (trx) => {
        const now = new Date(means.clock.nowMs())
        const target = await takeLink(trx, hashSecret(token), now)
        const isMember = target !== null && (await isStillMember(trx, target))
        if (target === null || !isMember) throw refuseLink(means)
        return beginSession(trx, target, now)
      })
    },
    endSession: (token) =>
      changeAccess(means, async (trx) => {
        const hash = hashSecret(token)
        await deleteSession(trx, hash)
        return { result: undefined, outdated: { kind: 'session', hash } }
      }),
  }
}

/** Whom a link of this caller's may sign in, and where: first of all in its own organisation. */
async function findLinkTarget(
  db: Database,
  caller: Principal,
  personId: string,
): Promise<LinkTarget> {
  const { organisationId } = caller
  const person = await findPerson(db, organisationId, personId)
  if (person !== null) {
    if (!mayLetIn(caller, person)) throw refuseWeakRole('make a link for a stronger role')
    return { personId: person.id, organisationId }
  }
  const isAnybodys = mayCall(caller, { access: 'house-owner', scope: null }).kind === 'allowed'
  const elsewhere = isAnybodys ? await findFirstMembership(db, personId) : null
  if (elsewhere !== null) return elsewhere
  throw refuse('people_person_not_found', 'Your organisation has no person of that id.', {
    param: 'person_id',
  })
}

/** A new one-time link for somebody. */
export async function makeLink(
  db: Database,
  means: Pick<LinkMeans, 'clock' | 'url'>,
  target: TakenLink,
): Promise<SignInLink> {
  const token = drawToken()
  const nowMs = means.clock.nowMs()
  const expiresAt = new Date(nowMs + LINK_MS)
  await insertLink(db, {
    ...target,
    id: newId(),
    hash: hashSecret(token),
    now: new Date(nowMs),
    expiresAt,
  })
  return { url: `${means.url()}/link/${token}`, expiresAt }
}

/** What is known of sessions; those in use are kept going for another thirty days. */
export async function loadAndExtendSessions(
  db: Database,
  hashes: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, Found>> {
  const now = new Date(nowMs)
  const found = await loadSessions(db, hashes, now)
  if (found.size === 0) return found
  const expiresAt = new Date(nowMs + SESSION_MS)
  const until = { now, expiresAt, restMs: DAY_MS }
  const extended = new Set(await extendSessions(db, [...found.keys()], until))
  return new Map(
    [...found].map(([hash, session]) => [hash, extended.has(hash) ? renewed(session) : session]),
  )
}

function renewed(found: Found): Found {
  if (found.kind !== 'good') return found
  return { ...found, principal: { ...found.principal, isRenewed: true } }
}

async function beginSession(db: Database, target: TakenLink, now: Date) {
  const token = drawToken()
  const expiresAt = new Date(now.getTime() + SESSION_MS)
  await insertSession(db, { ...target, id: newId(), hash: hashSecret(token), now, expiresAt })
  return { token, expiresAt }
}

async function isStillMember(db: Database, target: LinkTarget): Promise<boolean> {
  const personId: PersonId = target.personId
  return (await findPerson(db, target.organisationId, personId)) !== null
}

function refuseLink({ command }: LinkMeans): Refusal {
  return refuse(
    'people_link_unusable',
    `This link was used already or is too old. \`${command} link\` prints a new one.`,
  )
}

const TOKEN = /^[\w-]{43}$/

/** 256 random bits, as text that fits a path and a cookie. */
function drawToken(): string {
  return randomBytes(32).toString('base64url')
}
