/** Structured log. Never give it a body, a key or a header of a request. pino fits this shape. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A log that keeps nothing, for tests and for commands that print their own lines. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
