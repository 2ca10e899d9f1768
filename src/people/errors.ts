import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const peopleErrors = defineErrors({
  people_key_missing: {
    kind: 'unauthenticated',
    title: 'The request carries no key. Send one as `Authorization: Bearer …`.',
    isRetryable: false,
  },
  people_key_wrong: {
    kind: 'unauthenticated',
    title: 'No key of this market reads like the one sent. Copy it again, or make a new one.',
    isRetryable: false,
  },
  people_key_revoked: {
    kind: 'unauthenticated',
    title: 'The key was revoked, or whom it belonged to has left. Make a new one.',
    isRetryable: false,
  },
  people_key_expired: {
    kind: 'unauthenticated',
    title: 'The key’s last day has passed. Make a new one.',
    isRetryable: false,
  },
  people_session_ended: {
    kind: 'unauthenticated',
    title: 'The browser’s session has ended. Open a new link: `baimo link` prints one.',
    isRetryable: false,
  },
  people_role_too_weak: {
    kind: 'forbidden',
    title: 'The caller’s role does not allow this. Ask an admin or an owner.',
    isRetryable: false,
  },
  people_scope_missing: {
    kind: 'forbidden',
    title: 'The key is limited to other scopes. Use another key.',
    isRetryable: false,
  },
  people_key_limited: {
    kind: 'forbidden',
    title: 'A key cannot give what it does not have: scopes, models or time beyond its own.',
    isRetryable: false,
  },
  people_holder_missing: {
    kind: 'forbidden',
    title: 'A team’s key acts for no person, and only people can do this.',
    isRetryable: false,
  },
  people_last_owner: {
    kind: 'conflict',
    title: 'An organisation keeps at least one owner. Make somebody else an owner first.',
    isRetryable: false,
  },
  people_email_taken: {
    kind: 'conflict',
    title: 'Another person has this e-mail address.',
    isRetryable: false,
  },
  people_team_name_taken: {
    kind: 'conflict',
    title: 'The organisation has a team of this name. Choose another.',
    isRetryable: false,
  },
  people_slug_taken: {
    kind: 'conflict',
    title: 'Another organisation has this short name. Choose another.',
    isRetryable: false,
  },
  people_key_not_found: {
    kind: 'not_found',
    title: 'The caller’s organisation has no such key, or it is somebody else’s.',
    isRetryable: false,
  },
  people_person_not_found: {
    kind: 'not_found',
    title: 'The caller’s organisation has no such person.',
    isRetryable: false,
  },
  people_team_not_found: {
    kind: 'not_found',
    title: 'The caller’s organisation has no such team.',
    isRetryable: false,
  },
  people_link_unusable: {
    kind: 'not_found',
    title: 'The link was used, is too old, or never was one. `baimo link` prints a new one.',
    isRetryable: false,
  },
  people_expiry_past: {
    kind: 'invalid',
    title: 'A key’s last moment must lie in the future.',
    isRetryable: false,
  },
  people_two_holders: {
    kind: 'invalid',
    title: 'A key belongs to a person or to a team, not to both.',
    isRetryable: false,
  },
  people_busy: {
    kind: 'unavailable',
    title: 'Too many unknown keys wait to be looked up. Try again in a second.',
    isRetryable: true,
  },
  people_owner_key_unreadable: {
    kind: 'internal',
    title: 'The owner’s key in Baimo’s home is there and cannot be read. Check its permissions.',
    isRetryable: false,
  },
  people_owner_key_unwritable: {
    kind: 'internal',
    title: 'The owner’s key could not be written into Baimo’s home. Check its permissions.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(peopleErrors)
