export { authOrganizationSchema, authSchema } from './auth-schema.ts'
export { readSessionCookie, writeSessionCookie } from './cookie.ts'
export { describeIssue, fieldOf } from './describe-issue.ts'
export { peopleErrors, refuse as refusePeople } from './errors.ts'
export { type CallDecision, isAtLeast, mayCall } from './may-call.ts'
export { listAnswer, pageQueryOf } from './page-schemas.ts'
export {
  type Call,
  type JsonRoute,
  jsonRoute,
  type RawRoute,
  type Reply,
  type Route,
  type RouteDeclaration,
} from './route.ts'
export { peopleRoutes } from './routes.ts'
export { type Me, openPeople, type People, type PeopleOptions } from './service.ts'
export { type HolderDecision, type HolderName, openHolders } from './service-holders.ts'
export type { OwnerSetUp } from './service-set-up.ts'
export type {
  Access,
  Authenticate,
  Credentials,
  Key,
  Organisation,
  Person,
  Principal,
  Role,
  Scope,
  SignInLink,
  Team,
} from './types.ts'
