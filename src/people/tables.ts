import type { ColumnType, Generated } from 'kysely'
import type { KeyId, OrganisationId, PersonId, SubjectId, TeamId } from '../kernel/index.ts'
import type { Role, Scope } from './types.ts'

type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

/** A type and not an interface, as kysely asks for one it can index. */
export type PeopleTables = {
  people: {
    id: PersonId
    name: string
    email: string
    email_verified: boolean
    image: string | null
    created_at: Time
    updated_at: Time
    made_by_key_id: KeyId | null
    made_by_subject_id: SubjectId | null
  }
  organisations: {
    id: OrganisationId
    name: string
    slug: string
    created_at: Time
    is_house: Generated<boolean>
  }
  members: {
    id: string
    organisation_id: OrganisationId
    person_id: PersonId
    role: string
    created_at: Time
  }
  teams: {
    id: TeamId
    name: string
    member_count: number
    organisation_id: OrganisationId
    created_at: Time
    updated_at: TimeOrNull
  }
  team_members: {
    id: string
    team_id: TeamId
    person_id: PersonId
    membership_key: string | null
    created_at: TimeOrNull
  }
  sessions: {
    id: string
    token: string
    person_id: PersonId
    active_organisation_id: string | null
    expires_at: Time
    created_at: Time
    updated_at: Time
    made_by_key_id: KeyId | null
  }
  subjects: {
    id: SubjectId
    person_id: PersonId | null
    team_id: TeamId | null
    created_at: Time
  }
  keys: {
    id: KeyId
    hash: string
    prefix: string
    name: string
    organisation_id: OrganisationId
    subject_id: SubjectId
    person_id: PersonId | null
    team_id: TeamId | null
    role: Role
    scopes: Scope[] | null
    models: string[] | null
    is_owner_key: Generated<boolean>
    expires_at: TimeOrNull
    created_at: Time
    created_by: PersonId | null
    revoked_at: TimeOrNull
    made_by_key_id: KeyId | null
    made_by_subject_id: SubjectId | null
    home: string | null
    last_used_at: TimeOrNull
  }
  invitations: { email: string }
  verifications: { identifier: string }
  owner_links: {
    id: string
    hash: string
    person_id: PersonId
    organisation_id: OrganisationId
    created_at: Time
    expires_at: Time
    used_at: TimeOrNull
    made_by_key_id: KeyId | null
  }
}
