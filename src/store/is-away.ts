/** Operating system's codes of a connection that cannot be made or was lost. */
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
])
/** SQLSTATE: connection exceptions, shutdown and recovery, no connection left. */
const SQL_STATES = /^(08|57P0[1-5]$|53300$)/
/** What the pg library says without a code. */
const WORDS =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|not queryable|connection error/i

/** Whether the database says that its disk is full (53100). It answers, and reads go on. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '53100'
}

/** What the server cannot read or write of its own files: 58 system error, XX00n damage. */
const BROKEN = /^(58...|XX00[12])$/

/** Whether the database's own files are damaged, or gone under it. */
export function isBroken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && BROKEN.test(String(error.code))
}

/** Statement or lock too long, deadlock, serialisation, out of memory or another resource. */
const BUSY = /^(57014|55P03|40001|40P01|53200|53400)$/

/** Whether the database could not do it just now, which says nothing against doing it again. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && BUSY.test(String(error.code))
}

/** Whether the database takes no writes (25006), as a standby. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25006'
}

/** Whether an error says that the database is away: no fault of the statement that met it. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (SYSTEM_CODES.has(code) || SQL_STATES.test(code)) return true
  // The socket of a server on this machine is gone while it does not run.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect'
  return code === '' && WORDS.test(error.message)
}
