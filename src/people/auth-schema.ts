/**
 * How better-auth's tables are called in our database: its model and field names mapped to ours.
 * Data only, so that sign-in can be built later on rows that exist from the first migration.
 * A test holds that better-auth 1.7 finds nothing to create or alter after our migrations.
 *
 * `account` is a ledger word here, so its `account` is our `sign_ins`.
 */
export const authSchema = {
  user: {
    modelName: 'people',
    fields: {
      emailVerified: 'email_verified',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
    },
  },
  session: {
    modelName: 'sessions',
    fields: {
      expiresAt: 'expires_at',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
      ipAddress: 'ip_address',
      userAgent: 'user_agent',
      userId: 'person_id',
    },
  },
  account: {
    modelName: 'sign_ins',
    fields: {
      accountId: 'provider_person_id',
      providerId: 'provider_id',
      userId: 'person_id',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      idToken: 'id_token',
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
    },
  },
  verification: {
    modelName: 'verifications',
    fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
  },
} as const

/** The same for better-auth's organization plugin, with teams on. */
export const authOrganizationSchema = {
  session: {
    fields: {
      activeOrganizationId: 'active_organisation_id',
      activeTeamId: 'active_team_id',
    },
  },
  organization: { modelName: 'organisations', fields: { createdAt: 'created_at' } },
  member: {
    modelName: 'members',
    fields: { organizationId: 'organisation_id', userId: 'person_id', createdAt: 'created_at' },
  },
  invitation: {
    modelName: 'invitations',
    fields: {
      organizationId: 'organisation_id',
      teamId: 'team_id',
      expiresAt: 'expires_at',
      createdAt: 'created_at',
      inviterId: 'inviter_id',
    },
  },
  team: {
    modelName: 'teams',
    fields: {
      memberCount: 'member_count',
      organizationId: 'organisation_id',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
    },
  },
  teamMember: {
    modelName: 'team_members',
    fields: {
      teamId: 'team_id',
      userId: 'person_id',
      membershipKey: 'membership_key',
      createdAt: 'created_at',
    },
  },
} as const
