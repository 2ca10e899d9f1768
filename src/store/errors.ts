import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const storeErrors = defineErrors({
  store_home_in_use: {
    kind: 'conflict',
    title: 'Another Baimo runs on this home. Stop it, or set BAIMO_HOME to another folder.',
    isRetryable: true,
  },
  store_home_not_writable: {
    kind: 'unavailable',
    title: 'The home cannot be written. Give this user write access, or set BAIMO_HOME.',
    isRetryable: false,
  },
  store_platform_unsupported: {
    kind: 'unavailable',
    title: 'No PostgreSQL is shipped for this platform. Set DATABASE_URL to a PostgreSQL ≥ 15.',
    isRetryable: false,
  },
  store_database_failed: {
    kind: 'unavailable',
    title: 'The embedded PostgreSQL did not start. Its last words are in the message.',
    isRetryable: true,
  },
  store_database_unreachable: {
    kind: 'unavailable',
    title: 'The database of DATABASE_URL does not answer. Check host, port, name and password.',
    isRetryable: true,
  },
  store_database_away: {
    kind: 'unavailable',
    title: 'The database does not answer just now; try again in a moment.',
    isRetryable: true,
  },
  store_database_busy: {
    kind: 'unavailable',
    title: 'The database took too long, or others were in the way; try again in a moment.',
    isRetryable: true,
  },
  store_database_read_only: {
    kind: 'unavailable',
    title: 'The database takes no writes, as a standby does. Point DATABASE_URL at the primary.',
    isRetryable: true,
  },
  store_database_broken: {
    kind: 'unavailable',
    title: 'The database cannot read its own files: they are damaged or gone. Restore its folder.',
    isRetryable: true,
  },
  store_disk_full: {
    kind: 'unavailable',
    title: 'The disk of the database is full: reads go on, nothing is written. Make room there.',
    isRetryable: true,
  },
  store_pooler_unfit: {
    kind: 'unavailable',
    title:
      'DATABASE_URL leads through a pooler in transaction mode. Give one in session mode, or none.',
    isRetryable: false,
  },
  store_database_too_old: {
    kind: 'unavailable',
    title: 'The database of DATABASE_URL is older than PostgreSQL 15. Upgrade it.',
    isRetryable: false,
  },
  store_database_newer: {
    kind: 'conflict',
    title: 'A newer Baimo migrated this database. Start that version or a later one.',
    isRetryable: false,
  },
  store_migration_changed: {
    kind: 'conflict',
    title: 'A migration that this database has applied was changed since. Restore its text.',
    isRetryable: false,
  },
  store_migration_unknown: {
    kind: 'conflict',
    title:
      'The database was migrated by a Baimo that this one does not know of. Start that one again.',
    isRetryable: false,
  },
  store_migration_locked: {
    kind: 'unavailable',
    title: 'Another connection holds the lock of migrations for too long. The message says which.',
    isRetryable: true,
  },
  store_migration_failed: {
    kind: 'internal',
    title:
      'A migration could not be applied; nothing of it was kept. Its reason is in the message.',
    isRetryable: false,
  },
  store_secret_invalid: {
    kind: 'unavailable',
    title: 'The secret key file is not a key. It holds 64 hexadecimal digits, mode 0600.',
    isRetryable: false,
  },
  store_secret_mismatch: {
    kind: 'conflict',
    title: 'The secret key does not belong to this database. Put the right file back.',
    isRetryable: false,
  },
  store_secret_unreadable: {
    kind: 'internal',
    title: 'A sealed value cannot be opened: it was changed, or moved from another row.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(storeErrors)
